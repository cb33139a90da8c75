// swift-tools-version: 6.0
import PackageDescription

// `cargo xtask bindings swift` puts this package together in target/bindings/swift: there the generated code stands
// in Sources/Nightjar/Generated and Sources/NightjarFFI, and the library in lib.
let package = Package(
    name: "Nightjar",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "Nightjar", targets: ["Nightjar"])
    ],
    targets: [
        .systemLibrary(name: "NightjarFFI"),
        .target(name: "Nightjar", dependencies: ["NightjarFFI"]),
        .testTarget(name: "NightjarTests", dependencies: ["Nightjar"]),
    ]
)
