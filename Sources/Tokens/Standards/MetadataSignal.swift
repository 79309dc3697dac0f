package import Ethereum

/// What a contract says of its metadata by an event: that it is worth asking again.
///
/// | event | topics besides the first | subject |
/// |---|---|---|
/// | `MetadataUpdate(id)` (ERC-4906) | none, or the id | a token |
/// | `BatchMetadataUpdate(from, to)` (ERC-4906) | none, or both | tokens |
/// | `URI(value, id)` (ERC-1155) | the id, or none | a token |
/// | `PermanentURI(value, id)` (a marketplace's freeze) | the id, or none | a token, for the last time |
/// | `ContractURIUpdated()` (ERC-7572) | none | the contract |
///
/// A signal moves nothing and proves nothing: one too many costs a look, one that was missed is made good by the schedule.
/// Many contracts give them without declaring ERC-4906, so nobody is asked whether it does.
package struct MetadataSignal: Sendable, Hashable {
    package enum Subject: Sendable, Hashable {
        /// 0…2^256−1 where a whole collection is meant.
        case tokens(ClosedRange<U256>)
        case contract
    }

    package var contract: Address
    package var subject: Subject

    package init(contract: Address, subject: Subject) {
        self.contract = contract
        self.subject = subject
    }

    /// Keccak-256 of `MetadataUpdate(uint256)`.
    static let metadataUpdate = Hash32(
        w0: 0xf8e1_a15a_ba93_98e0,
        w1: 0x19f0_b49d_f1a4_fde9,
        w2: 0x8ee1_7ae3_45cb_5f6b,
        w3: 0x5e2c_27f5_033e_8ce7
    )
    /// Keccak-256 of `BatchMetadataUpdate(uint256,uint256)`.
    static let batchMetadataUpdate = Hash32(
        w0: 0x6bd5_c950_a8d8_df17,
        w1: 0xf772_f5af_37cb_3655,
        w2: 0x7378_99cb_f903_264b,
        w3: 0x9795_592d_a439_661c
    )
    /// Keccak-256 of `URI(string,uint256)`.
    static let uri = Hash32(
        w0: 0x6bb7_ff70_8619_ba06,
        w1: 0x10cb_a295_a585_92e0,
        w2: 0x451d_ee26_2293_8c87,
        w3: 0x5566_7688_daf3_529b
    )
    /// Keccak-256 of `PermanentURI(string,uint256)`.
    static let permanentURI = Hash32(
        w0: 0xa109_ba53_9900_bf1b,
        w1: 0x633f_956d_63c9_6fc8,
        w2: 0x9b81_4c72_87f7_aa50,
        w3: 0xa921_6d0b_5565_7207
    )
    /// Keccak-256 of `ContractURIUpdated()`.
    static let contractURIUpdated = Hash32(
        w0: 0xa5d4_097e_dda6_d87c,
        w1: 0xb932_9af8_3fb3_712e,
        w2: 0xf77e_eb13_738f_fe43,
        w3: 0xcc35_a4ce_305a_d962
    )

    /// What to ask a chain for.
    package static let topics = [metadataUpdate, batchMetadataUpdate, uri, permanentURI, contractURIUpdated]

    /// The signals of a page, in its order; logs of any other form are none.
    package static func all(in page: borrowing LogPage) -> [MetadataSignal] {
        var signals: [MetadataSignal] = []
        let data = page.data.span
        for log in page.logs {
            guard log.dataOffset >= 0, log.dataCount >= 0, log.dataOffset <= data.count - log.dataCount else {
                continue
            }
            let own = data.extracting(log.dataOffset..<(log.dataOffset + log.dataCount))
            guard let subject = subject(of: log, own) else { continue }
            signals.append(MetadataSignal(contract: log.address, subject: subject))
        }
        return signals
    }

    private static func subject(of log: Log, _ data: Span<UInt8>) -> Subject? {
        switch (log.topic0, log.topicCount) {
        case (metadataUpdate, 1): return token(try? ABI.number(in: data, at: 0))
        case (metadataUpdate, 2), (uri, 2), (permanentURI, 2): return token(log.topic1.number)
        // The text's place comes first, the id behind it.
        case (uri, 1), (permanentURI, 1): return token(try? ABI.number(in: data, at: 32))
        case (batchMetadataUpdate, 1):
            return tokens(try? ABI.number(in: data, at: 0), try? ABI.number(in: data, at: 32))
        case (batchMetadataUpdate, 3): return tokens(log.topic1.number, log.topic2.number)
        case (contractURIUpdated, _): return .contract
        default: return nil
        }
    }

    private static func token(_ id: U256?) -> Subject? { tokens(id, id) }

    private static func tokens(_ first: U256?, _ last: U256?) -> Subject? {
        guard let first, let last, first <= last else { return nil }
        return .tokens(first...last)
    }
}
