"""Ids differ from run to run, so a scenario gives names to what it makes; ``$name`` stands for the id."""

from .fields import Senseless


class Names:
    def __init__(self):
        self._names = {}

    def give(self, name, id):
        """Names an id. The first name stays: a draft that was resumed, a record that was written again."""
        self._names.setdefault(id, f"${name}")

    def id(self, reference):
        for id, name in self._names.items():
            if name == reference:
                return id
        raise Senseless(f'nothing is named "{reference}"')

    def of(self, id):
        return self._names.get(id, "an id that the scenario has not named")
