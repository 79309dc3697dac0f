import Foundation
import Glibc

/// Tells a process from a later one with the same number, and whether it still lives; within one process namespace.
///
/// After a crash the next start need not wait for the dead one's lease. Between containers, which number their processes
/// each for itself, nothing is concluded.
enum ProcessBirth {
    /// The namespace and the start time of this process: "pid:[4026531836] 5317".
    static let own: String = of(getpid()) ?? ""

    private static func of(_ process: Int32) -> String? {
        guard
            let namespace = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid"),
            let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        else { return nil }
        // Dead and not yet reaped: of no birth any more.
        return "\(namespace) \(startTime(in: text) ?? "")"
    }

    /// The 22nd field of `/proc/PID/stat` (proc(5)); nil for a zombie.
    ///
    /// The second field may hold spaces and brackets.
    static func startTime(in stat: String) -> Substring? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return fields[19]
    }

    /// Whether the process that this was the birth of is certainly gone.
    ///
    /// What cannot be read, for want of rights or of open files, is not gone.
    static func isGone(_ process: Int32, birth: String) -> Bool {
        guard process > 0, let space = birth.split(separator: " ").first, own.hasPrefix("\(space) ") else {
            return false
        }
        if kill(process, 0) != 0, errno == ESRCH { return true }
        return of(process).map { $0 != birth } ?? false
    }
}
