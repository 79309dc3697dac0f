import Foundation

/// Durations as the numbers that are printed, and what the disk asks for a durable write.
extension Duration {
    var milliseconds: Double { self / .milliseconds(1) }
    var seconds: Double { self / .seconds(1) }
}

extension [Double] {
    /// The least value that `share` of all values do not exceed.
    func percentile(_ share: Double) -> Double {
        isEmpty ? .nan : sorted()[Swift.min(count - 1, Int((Double(count) * share).rounded(.up)) - 1)]
    }
}

/// What the disk under a database asks for a durable write.
struct Disk {
    private let file: FileHandle
    private let path: String

    init(besides database: String) throws {
        path = database + ".fsync"
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw BenchError("cannot write \(path)") }
        self.file = file
        unlink(path)
    }

    /// Appends a page and waits until it is durable.
    func fsync() throws -> Duration {
        let page = Data(repeating: 7, count: 4_096)
        let start = ContinuousClock.now
        try file.write(contentsOf: page)
        guard Foundation.fsync(file.fileDescriptor) == 0 else { throw BenchError("fsync failed") }
        return start.duration(to: .now)
    }
}
