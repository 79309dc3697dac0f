// swift-tools-version:6.2
import PackageDescription

/// Every target of ours is built with the strictest settings the compiler has; dependencies are not affected.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")

let package = Package(
    name: "holdfast",
    products: [.executable(name: "holdfast", targets: ["holdfast"])],
    dependencies: [
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .target(name: "Ethereum", swiftSettings: strict),
        .target(name: "Tokens", dependencies: ["Ethereum"], swiftSettings: strict),
        .target(
            name: "ChainClient",
            dependencies: ["Ethereum", asyncHTTPClient, nioCore, nioHTTP1, logging],
            swiftSettings: strict
        ),
        .target(
            name: "ChainSync",
            dependencies: ["Ethereum", "Tokens", logging],
            swiftSettings: strict
        ),
        .target(name: "StoreSQLite", dependencies: ["Ethereum", "Tokens", grdb, grdbSQLite], swiftSettings: strict),
        .executableTarget(
            name: "holdfast",
            dependencies: [
                "Ethereum", "Tokens", "ChainClient", "ChainSync", "StoreSQLite", argumentParser, unixSignals,
                logging,
            ],
            swiftSettings: strict
        ),
    ]
)
