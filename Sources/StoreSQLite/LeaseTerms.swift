import Foundation
import Glibc

/// How long a lease lasts, and on which clock.
///
/// Instances that share an SQLite file share a machine, so the clock is the machine's time since it was started: it does
/// not jump, goes on while the machine sleeps, and another start of the machine makes every older lease void.
package struct LeaseTerms: Sendable {
    /// How long a holder that does nothing keeps the chain.
    ///
    /// Long enough for a slow disk, short enough that a crash is made good within seconds.
    package var duration: Duration
    /// Names this start of the machine.
    let boot: String
    /// Milliseconds since then.
    let now: @Sendable () -> Int64
    /// Whether a process is certainly gone, by its number and birth.
    let isGone: @Sendable (Int32, String) -> Bool

    package init(
        duration: Duration,
        boot: String,
        now: @escaping @Sendable () -> Int64,
        isGone: @escaping @Sendable (Int32, String) -> Bool = { _, _ in false }
    ) {
        self.duration = duration
        self.boot = boot
        self.now = now
        self.isGone = isGone
    }

    /// For a program: 15 s on the machine's clock.
    package static func standard(_ duration: Duration = .seconds(15)) -> LeaseTerms {
        LeaseTerms(
            duration: duration,
            boot: bootID,
            now: bootMilliseconds,
            isGone: ProcessBirth.isGone
        )
    }

    /// No lease at all: whoever opens a chain takes it over at once.
    ///
    /// For commands of an operator and for tests; the compare-and-swap still refuses the one who was taken over.
    package static let takeOver = LeaseTerms(duration: .zero, boot: "", now: { 0 })

    var milliseconds: Int64 {
        duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
    }

    private static let bootID: String = {
        let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown"
    }()

    private static func bootMilliseconds() -> Int64 {
        var time = timespec()
        // Unsafe: a C call that fills a value of ours.
        unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
