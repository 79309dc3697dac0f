import Foundation

/// Refuses file systems on which SQLite's locks and shared memory do not work between machines (sqlite.org/useovernet.html).
enum FileSystem {
    /// Names as in `/proc/self/mountinfo`; `nfs` stands for `nfs4` too.
    private static let network = [
        "nfs", "cifs", "smb", "9p", "ceph", "lustre", "afs", "gpfs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs",
    ]

    static func refuseNetwork(_ path: String) throws(StoreError) {
        // The file itself may be a link: SQLite puts its log and shared memory beside what it leads to.
        let folder = URL(fileURLWithPath: path).resolvingSymlinksInPath().deletingLastPathComponent()
            .resolvingSymlinksInPath().path
        guard let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8) else { return }
        if let name = networkType(of: folder, in: mounts) { throw .networkFileSystem(path, name) }
    }

    /// The network file system that a folder lies on; nil for a local one.
    ///
    /// Lines such as `36 35 98:0 / /mnt rw,noatime - nfs4 server:/export rw` (proc(5)); the longest mount point that
    /// holds the folder counts, and the last of equal ones.
    static func networkType(of folder: String, in mounts: String) -> String? {
        var best: (point: Int, type: Substring)?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { continue }
            let point = fields[4].replacing("\\040", with: " ")
            let holds = point == "/" || folder == point || folder.hasPrefix(point + "/")
            guard holds, point.count >= best?.point ?? 0 else { continue }
            best = (point.count, fields[dash + 1])
        }
        guard let type = best?.type, network.contains(where: { type.hasPrefix($0) }) else { return nil }
        return String(type)
    }
}
