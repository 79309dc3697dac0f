import Glibc
import Ethereum
import Tokens

/// The bench chain, by seed: the same logs for the server, the floor and the checks, made again wherever they are needed.
///
/// 10 NFT logs a block, 20 contracts, a tenth as many tokens as logs, half as many wallets (drawn by Zipf 0.9); 85 %
/// ERC-721, 11 % TransferSingle, 4 % TransferBatch of 1–4 positions; every 20th token id has 256 bits. Each NFT log is
/// the last of a transaction of its own, behind as many ERC-20 transfers as are asked for.
struct Dataset {
    /// NFT logs.
    let logCount: Int
    /// ERC-20 transfers in front of each NFT log.
    let fungiblePerLog: Int
    let blockCount: Int
    let tokenCount: Int
    let walletCount: Int
    /// NFT logs in a block.
    let logsPerBlock: Int
    /// The last block that this chain shares with the one that has no fork; nil: no fork.
    let fork: Int?
    static let logsPerBlock = 10
    static let contractCount = 20

    init(
        logs: Int,
        tokens: Int? = nil,
        wallets: Int? = nil,
        fungiblePerLog: Int = 0,
        logsPerBlock: Int = Self.logsPerBlock,
        fork: Int? = nil
    ) {
        logCount = logs
        self.logsPerBlock = logsPerBlock
        self.fork = fork
        self.fungiblePerLog = fungiblePerLog
        blockCount = logs / logsPerBlock
        tokenCount = tokens ?? max(100, logs / 10)
        walletCount = wallets ?? max(100, logs / 20)
    }

    struct Item {
        var block: UInt64
        var logIndex: UInt32
        var transactionIndex: UInt32
        var transactionHash: Hash32
        var contract: Address
        var kind: TransferKind
        var from: Address
        var to: Address
        /// Positions: one for a single transfer.
        var moves: [(token: U256, amount: UInt64)]
    }

    static func mixed(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    static func address(_ number: UInt64) -> Address {
        Address(
            high: mixed(number),
            middle: mixed(number ^ 0x5555),
            low: UInt32(truncatingIfNeeded: mixed(number &+ 99))
        )
    }

    static func hash(_ a: UInt64, _ b: UInt64) -> Hash32 {
        Hash32(w0: mixed(a &* 31 &+ b), w1: mixed(a ^ b << 32), w2: mixed(b &* 77 &+ a), w3: mixed(a &+ b))
    }

    static func token(_ number: UInt64) -> U256 {
        number % 20 == 19
            ? U256(w0: mixed(number) | 1 << 63, w1: mixed(number &+ 1), w2: mixed(number &+ 2), w3: number)
            : U256(number)
    }

    /// Makes every log, in order.
    func forEach(_ body: (Item) -> Void) {
        var state: UInt64 = 42
        func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            return Self.mixed(state)
        }
        let wallets = (0..<walletCount).map { Self.address(UInt64($0) &+ 1_000_000) }
        let contracts = (0..<Self.contractCount).map { Self.address(UInt64($0) &+ 10) }
        var cumulative: [Double] = []
        var sum = 0.0
        for rank in 1...walletCount {
            sum += 1 / pow(Double(rank), 0.9)
            cumulative.append(sum)
        }
        func wallet() -> Address {
            let wanted = Double(next() >> 11) / Double(1 << 53) * sum
            var low = 0
            var high = walletCount - 1
            while low < high {
                let middle = (low + high) / 2
                if cumulative[middle] < wanted { low = middle + 1 } else { high = middle }
            }
            return wallets[low]
        }
        var owners = [Address](repeating: .zero, count: tokenCount)
        let counted = UInt64(max(20, tokenCount / 10))
        for index in 0..<logCount {
            let block = UInt64(index / logsPerBlock) + 1
            let position = index % logsPerBlock
            let isForked = fork.map { block > $0 } ?? false
            // From here on other transfers of the same tokens.
            if isForked, position == 0 { state = Self.mixed(state ^ 0xF0F0) }
            let draw = next() % 100
            var item = Item(
                block: block,
                logIndex: UInt32(position * (fungiblePerLog + 1) + fungiblePerLog),
                transactionIndex: UInt32(position),
                transactionHash: Self.hash(block, UInt64(position) + (isForked ? 1 << 32 : 0)),
                contract: contracts[0],
                kind: .erc721,
                from: .zero,
                to: wallet(),
                moves: []
            )
            if draw < 85 {
                let token = Int(next() % UInt64(tokenCount))
                item.contract = contracts[token % 14]
                item.from = owners[token]
                owners[token] = item.to
                item.moves = [(Self.token(UInt64(token)), 1)]
            } else {
                item.kind = draw < 96 ? .erc1155Single : .erc1155Batch
                item.contract = contracts[14 + Int(next() % 6)]
                item.from = next() % 3 == 0 ? .zero : wallet()
                let count = draw < 96 ? 1 : Int(next() % 4) + 1
                for _ in 0..<count { item.moves.append((Self.token(next() % counted), next() % 50 + 1)) }
            }
            body(item)
        }
    }
}
