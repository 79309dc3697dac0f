import ChainSync
import Ethereum
import Testing
import TokenFixtures

@Suite struct WindowTests {
    private func ref(_ number: UInt64, branch: UInt64 = 0) -> BlockRef {
        BlockRef(number: number, hash: hash(number, branch: branch))
    }

    private func header(_ number: UInt64, branch: UInt64 = 0, parent: UInt64? = nil) -> Header {
        Header(
            number: number,
            hash: hash(number, branch: branch),
            parentHash: hash(number - 1, branch: parent ?? branch),
            timestamp: 0
        )
    }

    private var window: Window { Window(held: (10...20).map { ref($0) }) }

    @Test(arguments: 10...20 as ClosedRange<UInt64>)
    func `a head that is held is known, also below the tip`(number: UInt64) {
        #expect(window.step(toward: [header(number)]) == .known)
    }

    @Test func `a head below everything held says nothing`() {
        #expect(window.step(toward: [header(5)]) == .known)
        #expect(window.step(toward: [header(5, branch: 3)]) == .known)
    }

    @Test func `a head whose parent is the tip extends the window`() {
        #expect(window.step(toward: [header(21)]) == .extends(base: ref(20)))
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `a reorg of any depth inside the window finds the common ancestor`(depth: UInt64) {
        let base = 20 - depth
        var branch = [header(21, branch: 1)]
        while true {
            switch window.step(toward: branch) {
            case .needsParent(let wanted):
                let number = branch[0].number - 1
                #expect(wanted == hash(number, branch: 1))
                branch.insert(header(number, branch: 1, parent: number == base + 1 ? 0 : 1), at: 0)
                continue
            case .extends(let found):
                #expect(found == ref(base))
            case let other:
                Issue.record("\(other)")
            }
            break
        }
    }

    @Test func `a shorter branch is a reorg all the same`() {
        #expect(window.step(toward: [header(18, branch: 1, parent: 0)]) == .extends(base: ref(17)))
    }

    @Test func `a branch that leaves below everything held is too deep, and nothing is guessed`() {
        #expect(window.step(toward: (10...21).map { header($0, branch: 1) }) == .tooDeep)
        #expect(window.step(toward: [header(10, branch: 1)]) == .tooDeep)
    }

    @Test func `sparse hashes are enough to stand on`() {
        let sparse = Window(held: [ref(0), ref(7), ref(20)])
        #expect(sparse.step(toward: [header(15, branch: 1)]) == .needsParent(hash(14, branch: 1)))
        let branch = [header(8, branch: 1, parent: 0)] + (9...20).map { header($0, branch: 1) }
        #expect(sparse.step(toward: branch) == .extends(base: ref(7)))
    }

    @Test func `a lagging head between sparse hashes proves nothing`() {
        let sparse = Window(held: [ref(0), ref(7), ref(20)])
        #expect(sparse.step(toward: [header(8), header(9)]) == .known)
        #expect(sparse.step(toward: [header(8, branch: 1, parent: 0)]) == .known)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `a lower head of our chain never rewinds, whether its height is held or not`(number: UInt64) {
        for window in [Window(held: [ref(0), ref(7), ref(20)]), Window(held: [ref(12), ref(13), ref(20)])] {
            var branch = [header(number)]
            while case .needsParent = window.step(toward: branch) { branch.insert(header(branch[0].number - 1), at: 0) }
            #expect(window.step(toward: branch) == .known)
        }
    }

    @Test func `a block below the tip can be held, once, and is a base then`() {
        var sparse = Window(held: [ref(7), ref(20)])
        sparse.hold(ref(12))
        sparse.hold(ref(12, branch: 5))
        sparse.hold(ref(30))
        #expect(sparse.held == [ref(7), ref(12), ref(20)])
    }

    @Test func `accepting a branch drops what was above its base`() {
        var window = window
        window.accept(base: ref(17), branch: [header(18, branch: 1, parent: 0), header(19, branch: 1)])
        #expect(window.tip == ref(19, branch: 1))
        #expect(window.ref(at: 20) == nil)
        #expect(window.ref(at: 17) == ref(17))
    }

    @Test func `forgetting keeps the newest hash below as the base`() {
        var window = window
        window.forget(below: 15)
        #expect(window.held.first == ref(15))
        window.forget(below: 3)
        #expect(window.held.first == ref(15))
    }
}
