import Ethereum
import Foundation
import GRDB
import Synchronization
import Testing
import Tokens

@testable import StoreSQLite

/// Two instances of one file on a clock that the test moves.
private final class Instances: Sendable {
    let path: String
    private let directory: URL
    private let milliseconds = Mutex<Int64>(1_000)
    private let boot: String

    init(boot: String = "one") throws {
        self.boot = boot
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("leases-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        path = directory.appendingPathComponent("a.db").path
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func pass(_ seconds: Double) { milliseconds.withLock { $0 += Int64(seconds * 1_000) } }

    func store(boot: String? = nil, gone: Bool = false) throws -> SQLiteStore {
        let terms = LeaseTerms(
            duration: .seconds(15),
            boot: boot ?? self.boot,
            now: { [self] in milliseconds.withLock { $0 } },
            isGone: { _, _ in gone }
        )
        return try SQLiteStore(path: path, lease: terms)
    }
}

private let chain: ChainID = 321
private let request = ChainRequest(
    identity: ChainIdentity(chainID: chain, genesis: Hash32(w0: 1, w1: 2, w2: 3, w3: 4)),
    contracts: [],
    firstBlock: nil,
    eventSets: [.indexed]
)
private func id(_ number: UInt64) -> ID128 { ID128(high: 9, low: number) }

private func touch(_ store: SQLiteStore, _ state: ChainState, commit: UInt64) throws -> ChainVersion {
    var update = ChainUpdate(base: state.version, commitID: id(commit))
    update.tip = BlockRef(number: commit, hash: Hash32(w0: commit, w1: 0, w2: 0, w3: 0))
    return try store.applying(update, to: chain).version
}

@Suite struct LeaseTests {
    @Test func `S-07: of several instances that open a chain at once one writes, and the others are told who`() throws {
        let instances = try Instances()
        let stores = try (0..<4).map { _ in try instances.store() }
        var held = 0
        for (index, store) in stores.enumerated() {
            do throws(any Error) {
                _ = try store.opening(request, holder: id(UInt64(index)))
            } catch LedgerError.held(let holder) {
                held += 1
                #expect(holder.process == getpid())
                #expect(holder.remaining == .seconds(15))
            }
        }
        #expect(held == 3)
        for store in stores { try store.close() }
    }

    @Test func `an operator's rewind and its undoing leave the holder's lease alone`() throws {
        let instances = try Instances()
        let (holder, other) = (try instances.store(), try instances.store())
        var state = try holder.opening(request, holder: id(1))
        for number: UInt64 in 1...3 {
            var update = ChainUpdate(base: state.version, commitID: id(number + 10))
            let block = BlockRef(number: number, hash: Hash32(w0: number, w1: 0, w2: 0, w3: 0))
            update.tip = block
            update.blocks = [BlockRecord(number: number, hash: block.hash, timestamp: nil, role: [])]
            state.version = try holder.applying(update, to: chain).version
        }
        // As the command opens it: without a lease of its own.
        let command = try SQLiteStore(path: instances.path)
        _ = try command.rewinding(to: 1, of: chain, id: id(90))
        #expect(throws: LedgerError.self) { try other.opening(request, holder: id(2)) }
        _ = try command.undoingRewind(of: chain, id: id(91))
        #expect(throws: LedgerError.self) { try other.opening(request, holder: id(2)) }
        for store in [holder, other, command] { try store.close() }
    }

    @Test func `a lease that is not renewed runs out, and whoever held it commits nothing more`() throws {
        let instances = try Instances()
        let (first, second) = (try instances.store(), try instances.store())
        let old = try first.opening(request, holder: id(1))
        instances.pass(14.9)
        #expect(throws: LedgerError.self) { try second.opening(request, holder: id(2)) }
        instances.pass(0.2)
        let new = try second.opening(request, holder: id(2))
        #expect(new.version.epoch == old.version.epoch + 1)
        #expect(throws: LedgerError.stale(current: new.version)) { try touch(first, old, commit: 5) }
        #expect(throws: LedgerError.stale(current: new.version)) {
            try first.renewingLease(of: chain, as: old.version)
        }
        #expect(throws: LedgerError.stale(current: new.version)) {
            try first.buildingIndexes(of: chain, as: old.version)
        }
        #expect(try second.reading(chain).version == new.version)
    }

    @Test func `every commit and every renewal holds the lease for another term`() throws {
        let instances = try Instances()
        let (first, second) = (try instances.store(), try instances.store())
        var state = try first.opening(request, holder: id(1))
        instances.pass(10)
        state.version = try touch(first, state, commit: 5)
        instances.pass(10)
        #expect(throws: LedgerError.self) { try second.opening(request, holder: id(2)) }
        try first.renewingLease(of: chain, as: state.version)
        #expect(try first.reading(chain).version == state.version)
        instances.pass(10)
        #expect(throws: LedgerError.self) { try second.opening(request, holder: id(2)) }
    }

    @Test func `an operator's change leaves the lease with whoever has it, and renews nothing`() throws {
        let instances = try Instances()
        let (holder, other) = (try instances.store(), try instances.store())
        let state = try holder.opening(request, holder: id(1))
        let version = try touch(holder, state, commit: 5)
        func lease() throws -> ChainTable.Lease? {
            try other.pool.read { db in try ChainTable.row(of: chain, db)?.lease }
        }
        let before = try lease()
        instances.pass(10)
        var update = ChainUpdate(base: version, commitID: id(6))
        update.isByOperator = true
        let changed = try other.applying(update, to: chain)
        #expect(changed.version.revision == version.revision + 1)
        #expect(try lease()?.until == before?.until && lease()?.process == before?.process && before != nil)
        // The holder goes on from there, and only it holds the lease on.
        #expect(throws: LedgerError.stale(current: changed.version)) { try touch(holder, state, commit: 7) }
        try holder.renewingLease(of: chain, as: changed.version)
        #expect(try lease()?.until != before?.until)
    }

    @Test func `a lease that is given back is free at once, and only its holder can give it back`() throws {
        let instances = try Instances()
        let (first, second) = (try instances.store(), try instances.store())
        let state = try first.opening(request, holder: id(1))
        var other = state.version
        other.holder = id(7)
        try second.releasingLease(of: chain, as: other)
        #expect(throws: LedgerError.self) { try second.opening(request, holder: id(2)) }
        try first.releasingLease(of: chain, as: state.version)
        _ = try second.opening(request, holder: id(2))
    }

    @Test func `another start of the machine makes every older lease void`() throws {
        let instances = try Instances()
        let state = try instances.store().opening(request, holder: id(1))
        let next = try instances.store(boot: "two").opening(request, holder: id(2))
        #expect(next.version.epoch == state.version.epoch + 1)
    }

    @Test func `a holder whose process has ended is not waited for`() throws {
        let instances = try Instances()
        let state = try instances.store().opening(request, holder: id(1))
        let next = try instances.store(gone: true).opening(request, holder: id(2))
        #expect(next.version.epoch == state.version.epoch + 1)
    }

    @Test func `the same holder opens again without waiting for itself`() throws {
        let instances = try Instances()
        let store = try instances.store()
        _ = try store.opening(request, holder: id(1))
        _ = try store.opening(request, holder: id(1))
    }

    @Test func `a keeper renews while its process has nothing to write, and ends when it is taken over`() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("keeper-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appendingPathComponent("a.db").path
        let store = try SQLiteStore(path: path, lease: .standard(.milliseconds(600)))
        let other = try SQLiteStore(path: path, lease: .standard(.milliseconds(600)))
        let state = try store.opening(request, holder: id(1))
        let keeper = LeaseKeeper(store, of: chain, as: state.version)
        try await Task.sleep(for: .milliseconds(1_500))
        #expect(throws: LedgerError.self) { try other.opening(request, holder: id(2)) }
        keeper.end()
        _ = try other.opening(request, holder: id(2))
    }

    @Test func `what takes long is said to the others, and the lease is renewed with each index`() throws {
        let instances = try Instances()
        let (first, second) = (try instances.store(), try instances.store())
        let state = try first.opening(request, holder: id(1))
        try first.noting("building indexes", of: chain, as: state.version)
        #expect(
            throws: LedgerError.held(
                by: LeaseHolder(process: getpid(), remaining: .seconds(15), work: "building indexes")
            )
        ) {
            try second.opening(request, holder: id(2))
        }
        try first.buildingIndexes(of: chain, as: state.version)
        #expect(throws: LedgerError.held(by: LeaseHolder(process: getpid(), remaining: .seconds(15), work: nil))) {
            try second.opening(request, holder: id(2))
        }
    }
}

@Suite struct ProcessBirthTests {
    @Test func `this process lives, and a number with another birth or none does not`() throws {
        #expect(!ProcessBirth.own.isEmpty)
        #expect(!ProcessBirth.isGone(getpid(), birth: ProcessBirth.own))
        #expect(ProcessBirth.isGone(getpid(), birth: ProcessBirth.own + "9"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/true")
        try process.run()
        process.waitUntilExit()
        #expect(ProcessBirth.isGone(process.processIdentifier, birth: ProcessBirth.own))
    }

    @Test func `nothing is concluded about a process of another namespace`() {
        #expect(!ProcessBirth.isGone(1, birth: "pid:[1] 5"))
        #expect(!ProcessBirth.isGone(1, birth: ""))
    }

    @Test func `the start time is the 22nd field, whatever the program is called`() {
        let fields = (4...30).map(String.init).joined(separator: " ")
        #expect(ProcessBirth.startTime(in: "7 (a) b (c)) S \(fields)") == "22")
        #expect(ProcessBirth.startTime(in: "7 (a) Z \(fields)") == nil)
        #expect(ProcessBirth.startTime(in: "") == nil)
    }
}

@Suite struct WriterLockTests {
    @Test func `the holder of the writer lock is found in the kernel's list`() {
        let locks = """
            1: POSIX  ADVISORY  READ  100 fe:00:131 123 123
            2: POSIX  ADVISORY  WRITE 4711 fe:00:131 120 120
            2: -> POSIX  ADVISORY  WRITE 4712 fe:00:131 120 120
            3: POSIX  ADVISORY  WRITE 99 fe:00:132 0 EOF
            """
        #expect(WriterLock.holder(in: locks, inode: 131) == 4711)
        #expect(WriterLock.holder(in: locks, inode: 132) == 99)
        #expect(WriterLock.holder(in: locks, inode: 7) == nil)
        #expect(WriterLock.holder(in: "nonsense\n\n1:", inode: 7) == nil)
    }
}

@Suite struct FirstFileTests {
    @Test func `a file that another process has just made is not touched`() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("first-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try SQLiteStore.makeFile(path)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber == 0o600)
        try Data("its first page".utf8).write(to: URL(fileURLWithPath: path))
        try SQLiteStore.makeFile(path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "its first page")
        #expect(throws: StoreError.self) { try SQLiteStore.makeFile("/no-such-folder/a.db") }
    }
}

@Suite struct FileSystemTests {
    private let mounts = """
        22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
        36 22 0:40 / /mnt/share rw,noatime shared:20 - nfs4 server:/export rw
        37 36 254:1 / /mnt/share/local rw - xfs /dev/vdb rw
        38 22 0:41 / /mnt/with\\040space rw - cifs //server/share rw
        """

    @Test(
        arguments: [
            ("/data", nil), ("/mnt/share", "nfs4"), ("/mnt/share/deep/er", "nfs4"), ("/mnt/share/local/x", nil),
            ("/mnt/shared", nil), ("/mnt/with space/x", "cifs"),
        ] as [(String, String?)]
    )
    func `a folder lies on the file system of its longest mount point`(folder: String, type: String?) {
        #expect(FileSystem.networkType(of: folder, in: mounts) == type)
    }
}
