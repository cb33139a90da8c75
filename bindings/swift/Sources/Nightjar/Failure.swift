/// As a text a failure is what happened and what to do, in plain words; never an answer, name, key or code.
extension Failure: CustomStringConvertible {}
