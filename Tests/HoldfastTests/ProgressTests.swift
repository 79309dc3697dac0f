/// How far chains are, each for itself.
import ChainClient
import Ethereum
import StoreSQLite
import Testing

@testable import holdfast

@Suite struct ProgressTests {
    @Test func `a chain that joins later, before the others, has its own rate`() {
        var rates = RowRates(started: 0)
        #expect(rates.rate(of: 321, rows: 12_345, at: 5) == 2_469)
        #expect(rates.rate(of: 1, rows: 0, at: 10) == 0)
        #expect(rates.rate(of: 321, rows: 12_345 + 500, at: 10) == 100)
        #expect(rates.rate(of: 1, rows: 50, at: 15) == 10)
    }

    @Test func `an engine that begins again is no negative rate`() {
        var rates = RowRates(started: 0)
        _ = rates.rate(of: 1, rows: 1_000, at: 2)
        #expect(rates.rate(of: 1, rows: 3, at: 4) == 0)
        #expect(rates.rate(of: 1, rows: 13, at: 6) == 5)
    }

    @Test func `less than a second later the rate is the last one`() {
        var rates = RowRates(started: 0)
        #expect(rates.rate(of: 1, rows: 10, at: 1) == 10)
        #expect(rates.rate(of: 1, rows: 500, at: 1.5) == 10)
    }

    @Test func `whatever may pass is waited for`() {
        for error: any Error in [
            ChainError.unavailable("x"), ChainError.inconsistent("x"), ChainError.reorged("x"),
            ChainError.unservable("x"), StoreError.busy("x", process: nil),
        ] {
            #expect(Fleet.mayPass(error), "\(error)")
        }
        for error: any Error in [
            ChainError.wrongChain("x"), ChainError.cancelled, StoreError.full("x"), Failure.configuration("x"),
        ] {
            #expect(!Fleet.mayPass(error), "\(error)")
        }
    }
}
