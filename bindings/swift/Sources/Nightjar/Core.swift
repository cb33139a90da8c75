/// The Rust core behind this package.
public enum Core {
    /// Its version, as `major.minor.patch`.
    public static var version: String { coreVersion() }
}
