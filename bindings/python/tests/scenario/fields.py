"""An object whose every key must be read: what nobody understands must not be passed over."""

_REQUIRED = object()


class Senseless(Exception):
    """The scenario asks for something that makes no sense."""


class Fields:
    def __init__(self, what, left):
        if not isinstance(left, dict):
            raise Senseless(f"{what} is not an object")
        self.what, self.left = what, dict(left)

    def read(self, key, otherwise=_REQUIRED):
        if key in self.left:
            return self.left.pop(key)
        if otherwise is _REQUIRED:
            raise Senseless(f'{self.what} has no "{key}"')
        return otherwise

    def end(self):
        """Says which keys nobody has read."""
        for key in self.left:
            raise Senseless(f'{self.what}: unknown key "{key}"')
