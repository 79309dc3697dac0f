/// How many blocks of logs to ask one endpoint for; pure (rpc-quirks §2d).
///
/// Two separate numbers. The *cap* is structural: the node refuses more, whatever is in the blocks. The *soft width* is
/// about density: what keeps an answer under the targets. The window is the smaller of the two.
package struct RangeControl: Sendable, Hashable {
    /// Targets per answer: enough to be worth a round trip, little enough to be tried again cheaply.
    package static let logsTarget = 5_000
    package static let bytesTarget = 8 << 20
    package static let elapsedTarget: Duration = .seconds(5)
    /// Windows in a row under all targets before the soft width grows.
    static let cleanNeeded = 8
    /// A cap is believed for so long, whatever happens.
    static let capAge: Duration = .seconds(24 * 3600)
    /// Full windows at the cap before a wider one is tried.
    ///
    /// A quarter of all there were at this cap, within these bounds: whatever the length of a phase with a low cap, what
    /// is wasted after its end is at most a quarter of it, and the tries are few.
    static let probeMin = 16
    static let probeMax = 512
    /// The same while a cap that came without a number is searched between what went and what did not.
    static let refineEvery = 8

    struct Cap: Sendable, Hashable {
        /// Goes.
        var width: UInt64
        /// Does not go; nil when unknown by now.
        var refused: UInt64?
        /// Read from a text, as opposed to found by halving.
        var isExact: Bool
        var since: Duration
        /// Full windows since the last try, and since the cap was learnt.
        var successes = 0
        var successesInAll = 0
        /// The width that is being tried beyond the cap, so that only one window at a time tries it.
        var probing: UInt64?
        /// The last try went well: go on doubling at once.
        var isRising = false
    }

    package let widthMax: UInt64
    private var soft: UInt64
    /// As learnt or recalled; nil: none is known.
    var cap: Cap?
    private var clean = 0
    private var roomy = 0
    /// Doubles at each success until anything speaks against it, as a new connection does.
    private var isStarting = true

    package init(initial: UInt64, max widthMax: UInt64) {
        precondition(initial > 0 && widthMax >= initial, "a window has at least one block")
        self.widthMax = widthMax
        soft = initial
    }

    /// The structural cap as learnt so far.
    package var learntCap: UInt64? { cap?.width }
    package var softWidth: UInt64 { soft }

    /// The width of the next window, of `available` blocks at most.
    ///
    /// May be one that tries beyond the cap.
    package mutating func next(available: UInt64, now: Duration) -> UInt64 {
        let wanted = min(available, min(soft, widthMax))
        guard var cap, wanted > cap.width else { return wanted }
        guard cap.probing == nil, cap.isDue(now) else { return cap.width }
        let probe = min(wanted, cap.probeWidth)
        guard probe > cap.width else { return cap.width }
        cap.probing = probe
        self.cap = cap
        return probe
    }

    /// What ``next(available:now:)`` would give, without taking the one try beyond the cap.
    package func width(now: Duration) -> UInt64 {
        let wanted = min(soft, widthMax)
        guard let cap, wanted > cap.width else { return wanted }
        return cap.probing == nil && cap.isDue(now) ? max(cap.width, min(wanted, cap.probeWidth)) : cap.width
    }

    /// A window was answered in full.
    package mutating func succeeded(width: UInt64, logs: Int, bytes: Int, elapsed: Duration, now: Duration) {
        if var cap {
            if width > cap.width {
                cap.width = width
                cap.since = now
                cap.isRising = true
                (cap.successes, cap.successesInAll) = (0, 0)
                cap.probing = nil
                if let refused = cap.refused, refused <= width { cap.refused = nil }
                self.cap = width >= widthMax ? nil : cap
            } else if width == cap.width {
                cap.successes += 1
                cap.successesInAll += 1
                self.cap = cap
            }
        }
        let over = logs > Self.logsTarget || bytes > Self.bytesTarget || elapsed > Self.elapsedTarget
        if over {
            shrinkSoft(asked: width, to: width / 2)
        } else {
            grow(
                width,
                roomy: logs < Self.logsTarget / 4 && bytes < Self.bytesTarget / 4 && elapsed < Self.elapsedTarget / 4
            )
        }
    }

    private mutating func grow(_ width: UInt64, roomy isRoomy: Bool) {
        // Narrower windows than were allowed, such as single blocks at the head, say nothing about wider ones.
        guard width >= soft else { return }
        if isStarting {
            soft = min(widthMax, width.doubled)
            return
        }
        clean += 1
        roomy += isRoomy ? 1 : 0
        guard clean >= Self.cleanNeeded else { return }
        // After one crowded block the chain may be empty for long: twice as wide while there is plenty of room.
        let wider = roomy == clean ? soft.doubled : soft + max(1, soft / 4)
        soft = min(widthMax, wider)
        (clean, roomy) = (0, 0)
    }

    /// The node refused a window as too wide in itself (E1).
    package mutating func capped(asked: UInt64, hint: SizeHint?, now: Duration) {
        let number = Self.cap(of: hint, asked: asked)
        guard var cap, asked > cap.width else {
            lower(to: number ?? asked / 2, refused: asked, isExact: number != nil, now)
            return
        }
        // Others that were in flight at an older, wider width are refused as well: only what differs is news.
        if let number, number < cap.width {
            lower(to: number, refused: asked, isExact: true, now)
        } else if let number, number > cap.width {
            (cap.width, cap.isExact, cap.refused, cap.since) = (number, true, nil, now)
            (cap.isRising, cap.probing, cap.successes) = (false, nil, 0)
            self.cap = cap
        } else {
            if cap.probing == asked { cap.probeFailed(asked) } else { cap.refused = min(cap.refused ?? asked, asked) }
            self.cap = cap
        }
    }

    /// The cap that a text names, if it explains the refusal.
    private static func cap(of hint: SizeHint?, asked: UInt64) -> UInt64? {
        switch hint {
        // "limited to N" may count one block more than we do: one less, once.
        case .cap(let number) where number == asked && asked > 1: number - 1
        case .cap(let number) where number < asked: number
        case .width(let number) where number < asked: number
        default: nil
        }
    }

    private mutating func lower(to width: UInt64, refused: UInt64, isExact: Bool, _ now: Duration) {
        isStarting = false
        cap = Cap(width: max(1, width), refused: isExact ? nil : refused, isExact: isExact, since: now)
        // The soft width is about density and keeps what it knows; the window that was refused says nothing about it.
        soft = max(soft, min(widthMax, refused))
    }

    /// Too many logs or bytes in this window (E2, E3).
    package mutating func crowded(asked: UInt64, hint: SizeHint?) {
        if case .width(let width) = hint, width > 0, width < asked {
            shrinkSoft(asked: asked, to: width)
        } else {
            shrinkSoft(asked: asked, to: asked / 2)
        }
        cap?.probing = nil
    }

    private mutating func shrinkSoft(asked: UInt64, to width: UInt64) {
        isStarting = false
        (clean, roomy) = (0, 0)
        // Windows in flight at a width that was given up already do not count twice.
        guard asked <= soft || width < soft else { return }
        soft = max(1, min(soft, width))
    }

    /// A window ended in something that says nothing about its width.
    package mutating func abandoned(width: UInt64) {
        if cap?.probing == width { cap?.probing = nil }
    }
}

extension RangeControl.Cap {
    fileprivate func isDue(_ now: Duration) -> Bool {
        if isRising || now - since >= RangeControl.capAge { return true }
        let probeEvery = min(RangeControl.probeMax, max(RangeControl.probeMin, successesInAll / 4))
        return successes >= (isRefining ? RangeControl.refineEvery : probeEvery)
    }

    /// Whether what goes and what does not are still more than an eighth apart.
    private var isRefining: Bool {
        guard !isExact, let refused else { return false }
        return refused > width && refused - width > max(1, width / 8)
    }

    fileprivate var probeWidth: UInt64 {
        guard isRefining, let refused else { return width.doubled }
        return width + (refused - width) / 2
    }

    fileprivate mutating func probeFailed(_ asked: UInt64) {
        refused = min(refused ?? asked, asked)
        // A rise that ended: what goes is known only roughly, so search between the two.
        if isRising { isExact = false }
        (isRising, probing, successes) = (false, nil, 0)
    }
}

extension UInt64 {
    fileprivate var doubled: UInt64 {
        let (twice, overflow) = multipliedReportingOverflow(by: 2)
        return overflow ? .max : twice
    }
}
