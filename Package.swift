// swift-tools-version:6.2
import Foundation
import PackageDescription

/// Mutants are switch sites in the sources that break them on purpose; they exist only in a build made for them.
let mutants: [SwiftSetting] =
    ProcessInfo.processInfo.environment["HOLDFAST_MUTANTS"] == nil ? [] : [.define("MUTANTS")]

/// Every target of ours is built with the strictest settings the compiler has; dependencies are not affected.
let strict: [SwiftSetting] =
    mutants + [
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
let nioHTTPCompression = Target.Dependency.product(name: "NIOHTTPCompression", package: "swift-nio-extras")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")

let package = Package(
    name: "holdfast",
    products: [.executable(name: "holdfast", targets: ["holdfast"])],
    dependencies: [
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.24.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(name: "Allocator"),
        .target(name: "CrashPoints", linkerSettings: [.linkedLibrary("sqlite3")]),
        .target(name: "Ethereum", swiftSettings: strict),
        .target(name: "Tokens", dependencies: ["Ethereum"], swiftSettings: strict),
        .target(
            name: "ChainClient",
            dependencies: [
                "Allocator", "Ethereum", "Proofs", asyncHTTPClient, nioCore, nioHTTP1, nioHTTPCompression, logging,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "ChainSync",
            dependencies: ["Ethereum", "Tokens", logging],
            swiftSettings: strict
        ),
        .target(
            name: "Egress",
            dependencies: [
                "Metadata", asyncHTTPClient, nioCore, nioPosix, nioHTTP1, nioHTTPCompression, logging,
            ],
            swiftSettings: strict
        ),
        .target(name: "LiveReads", dependencies: ["Ethereum", "Tokens"], swiftSettings: strict),
        .target(name: "StoreSQLite", dependencies: ["Ethereum", "Tokens", grdb, grdbSQLite], swiftSettings: strict),
        .target(
            name: "HTTPAPI",
            dependencies: [
                "Ethereum", "Tokens", "LiveReads", hummingbird, hummingbirdCore, nioCore, nioPosix, httpTypes,
                serviceLifecycle, logging,
            ],
            swiftSettings: strict
        ),
        .target(name: "Metadata", dependencies: ["Ethereum", crypto], swiftSettings: strict),
        .target(name: "Proofs", dependencies: ["Ethereum"], swiftSettings: strict),
        .target(name: "Oracle", swiftSettings: strict),
        .target(name: "Simulator", dependencies: ["Ethereum", "Proofs", "Oracle"], swiftSettings: strict),
        .target(
            name: "Selftest",
            dependencies: [
                "Ethereum", "Tokens", "ChainClient", "ChainSync", "StoreSQLite", "Oracle", "Simulator", "CrashPoints",
                logging, grdb, grdbSQLite,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Enrichment",
            dependencies: ["Ethereum", "Tokens", "Metadata", logging],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "holdfast",
            dependencies: [
                "Allocator", "Ethereum", "Tokens", "ChainClient", "ChainSync", "StoreSQLite", "HTTPAPI",
                "Metadata", "Egress", "Enrichment", "LiveReads",
                "Simulator", "Selftest", argumentParser, unixSignals, hummingbird, nioCore, logging, yams,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EthereumTests",
            dependencies: ["Ethereum"],
            exclude: ["Independent"],
            swiftSettings: strict
        ),
        .testTarget(name: "MetadataTests", dependencies: ["Ethereum", "Metadata"], swiftSettings: strict),
        .testTarget(name: "ProofsTests", dependencies: ["Ethereum", "Proofs"], swiftSettings: strict),
        .target(
            name: "TokenFixtures",
            dependencies: ["Ethereum", "Tokens"],
            path: "Tests/TokensTests/Fixtures",
            swiftSettings: strict
        ),
        .testTarget(
            name: "TokensTests",
            dependencies: ["Ethereum", "Tokens", "TokenFixtures"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "StoreTests",
            dependencies: ["Ethereum", "Tokens", "StoreSQLite", "TokenFixtures", grdb],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ChainClientTests",
            dependencies: ["Ethereum", "Proofs", "ChainClient", "Simulator", nioCore, nioHTTP1, nioPosix, logging],
            resources: [.copy("Fixtures")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EgressTests",
            dependencies: ["Egress", "Metadata", nioCore, nioPosix, logging],
            swiftSettings: strict
        ),
        .testTarget(
            name: "HoldfastTests",
            dependencies: ["holdfast", "Ethereum", "Tokens", "ChainClient", "StoreSQLite", argumentParser],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EnrichmentTests",
            dependencies: ["Ethereum", "Tokens", "Metadata", "Enrichment", "StoreSQLite", "TestLedger", logging],
            swiftSettings: strict
        ),
        .testTarget(
            name: "LiveReadsTests",
            dependencies: ["Ethereum", "Tokens", "LiveReads", "TestLedger"],
            swiftSettings: strict
        ),
        .testTarget(name: "SelftestTests", dependencies: ["CrashPoints", "Selftest", grdb], swiftSettings: strict),
        .testTarget(
            name: "RecordedTests",
            dependencies: ["Ethereum", "Proofs", "Tokens", "ChainClient"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ChainSyncTests",
            dependencies: ["Ethereum", "Tokens", "ChainSync", "StoreSQLite", "TokenFixtures", grdb, logging],
            swiftSettings: strict
        ),
        .target(
            name: "TestLedger",
            dependencies: ["Ethereum", "Tokens", "StoreSQLite"],
            path: "Tests/TestLedger",
            swiftSettings: strict
        ),
        .testTarget(
            name: "StoreSQLiteTests",
            dependencies: ["Ethereum", "Tokens", "StoreSQLite", "TestLedger", grdb],
            swiftSettings: strict
        ),
        .testTarget(
            name: "HTTPAPITests",
            dependencies: [
                "Ethereum", "Tokens", "LiveReads", "StoreSQLite", "HTTPAPI", "TestLedger", hummingbird,
                hummingbirdTesting, nioCore, httpTypes, logging, grdb,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "Ethereum", "Proofs", "Tokens", "ChainClient", "ChainSync", "Metadata", "StoreSQLite", "Oracle",
                "Selftest",
                "Simulator", "TokenFixtures", logging, grdb, grdbSQLite,
            ],
            swiftSettings: strict
        ),
    ]
)

// The benchmarks are built only when asked for: HOLDFAST_BENCH=1 swift run -c release bench
if ProcessInfo.processInfo.environment["HOLDFAST_BENCH"] != nil {
    package.targets += [
        .target(name: "Floor", path: "Benchmarks/Floor", linkerSettings: [.linkedLibrary("sqlite3")]),
        .executableTarget(
            name: "bench",
            dependencies: [
                "Allocator", "Ethereum", "Proofs", "Tokens", "ChainClient", "ChainSync", "StoreSQLite", "HTTPAPI",
                "Metadata", "Egress", "Enrichment", "TestLedger", "Floor", asyncHTTPClient, nioCore, logging,
            ],
            path: "Benchmarks/Bench",
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
    ]
}
