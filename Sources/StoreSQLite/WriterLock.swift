import Foundation
import Glibc

/// Which process holds a database's one writer lock, for a message that says whom to look at.
///
/// Read from the kernel's list of locks. Never by opening the lock's file: closing it again would drop this process's own
/// locks on it, SQLite's among them.
enum WriterLock {
    /// Where SQLite locks the write-ahead log's index for writing, in its `-shm` file (sqlite.org/walformat.html).
    private static let lockByte = 120

    /// nil where nobody holds it, or where the kernel does not say.
    static func holder(of database: String) -> Int32? {
        guard
            let attributes = try? FileManager.default.attributesOfItem(atPath: database + "-shm"),
            let inode = (attributes[.systemFileNumber] as? NSNumber)?.uint64Value,
            let locks = try? String(contentsOfFile: "/proc/locks", encoding: .utf8)
        else { return nil }
        return holder(in: locks, inode: inode)
    }

    /// Lines such as `1: POSIX  ADVISORY  WRITE 4711 fe:00:131 120 120`.
    static func holder(in locks: String, inode: UInt64) -> Int32? {
        for line in locks.split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 8, fields.contains("WRITE"), !fields.contains("->"),
                let end = fields.last.flatMap({ $0 == "EOF" ? Int.max : Int($0) }),
                let start = Int(fields[fields.count - 2]),
                fields[fields.count - 3].split(separator: ":").last.flatMap({ UInt64($0) }) == inode,
                (start...max(start, end)).contains(lockByte),
                let process = Int32(fields[fields.count - 4]), process > 0
            else { continue }
            return process
        }
        return nil
    }
}
