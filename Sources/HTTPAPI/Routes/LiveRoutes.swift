import Ethereum
import Foundation
import HTTPTypes
import Hummingbird
import LiveReads
import Tokens

/// Contracts asked now: who owns a token, how much a wallet has, what a collection calls itself.
///
/// What could not be read is an error or the last known value, marked stale; it is never "nobody".
struct LiveRoutes: Sendable {
    let live: LiveChains
    let ledger: any LiveLedger

    /// Ids in one request: one multicall.
    static let idsMax = 100
    /// A hundred ids of 78 digits are a tenth of it.
    static let bodyBytesMax = 65_536

    func add(to group: RouterGroup<APIContext>) {
        group.get("contracts/:contract/tokens/:id/owner", use: owner)
        group.post("contracts/:contract/owners", use: owners)
        group.get("contracts/:contract/stats", use: stats)
        group.get("wallets/:address/balance", use: balance)
    }

    @Sendable func owner(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context)
        let (reader, token) = (try live.reader(inputs), try inputs.token())
        let answer = try await one(reader, .owner(token))
        return .json { json in
            json.field("chainId", reader.chainID)
            json.field("contract", token.contract.checksummed)
            json.field("tokenId", token.token.decimal)
            json.fields(owner: answer)
        }
    }

    @Sendable func owners(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context)
        let (reader, contract) = (try live.reader(inputs), try inputs.address("contract"))
        let ids = try await Self.ids(request)
        let answers = try await live.answers(
            reader,
            to: ids.map { .owner(TokenID(contract: contract, token: $0)) }
        )
        let failures = answers.compactMap { if case .failure(let failure) = $0 { failure } else { nil } }
        if failures.count == answers.count { throw Problem(unread: failures) }
        return .json { json in
            json.field("chainId", reader.chainID)
            json.field("contract", contract.checksummed)
            json.field("owners", each: zip(ids, answers)) { json, line in
                json.object { json in
                    json.field("tokenId", line.0.decimal)
                    switch line.1 {
                    case .success(let answer): json.fields(owner: answer)
                    case .failure(let failure): json.fields(failure)
                    }
                }
            }
            json.field("total", UInt64(answers.count))
            json.field("failed", UInt64(failures.count))
        }
    }

    @Sendable func balance(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context, query: ["contract", "id"])
        let (reader, wallet) = (try live.reader(inputs), try inputs.address("address"))
        let (contract, id) = (try inputs.contractOfBalance(), try inputs.idOfBalance())
        let question: LiveQuestion =
            if let id {
                .amount(of: wallet, TokenID(contract: contract, token: id))
            } else {
                .balance(of: wallet, in: contract)
            }
        let answer = try await one(reader, question)
        return .json { json in
            json.field("chainId", reader.chainID)
            json.field("wallet", wallet.checksummed)
            json.field("contract", contract.checksummed)
            json.field("tokenId", id?.decimal)
            json.fields(answer, named: "balance")
        }
    }

    /// Each of the contract's own three words may fail by itself; what is counted comes from the database.
    @Sendable func stats(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context)
        let (reader, contract) = (try live.reader(inputs), try inputs.address("contract"))
        let (answers, census) = try await live.admitted {
            let words = await reader.answers(to: [.name(contract), .symbol(contract), .totalSupply(contract)])
            return (words, try await ledger.census(of: contract, on: reader.chainID))
        }
        let failures = answers.compactMap { if case .failure(let failure) = $0 { failure } else { nil } }
        if failures.count == answers.count, census == nil { throw Problem(unread: failures) }
        return .json { json in
            json.field("chainId", reader.chainID)
            json.field("contract", contract.checksummed)
            json.field("name") { $0.fields(word: answers[0]) }
            json.field("symbol") { $0.fields(word: answers[1]) }
            json.field("totalSupply") { $0.fields(word: answers[2]) }
            json.key("events")
            guard let census else { return json.null() }
            json.object { json in
                json.field("tokens", census.tokens)
                json.field("holders", census.holders)
                json.field("transfers", census.transfers)
                json.fields(census.standing)
            }
        }
    }

    private func one(_ reader: LiveReader, _ question: LiveQuestion) async throws -> LiveAnswer {
        switch try await live.answers(reader, to: [question]).first {
        case .success(let answer): return answer
        case .failure(let failure): throw Problem(unread: [failure])
        case nil: throw Problem.failed
        }
    }

    // MARK: What a request says

    /// The ids of a body such as `{"tokenIds": ["1", "2"]}`.
    ///
    /// Texts, because other readers and writers of JSON cut numbers above 2^53; smaller ones may be numbers.
    private static func ids(_ request: Request) async throws -> [U256] {
        let bytes: [UInt8]
        do {
            bytes = Array(buffer: try await request.body.collect(upTo: bodyBytesMax))
        } catch {
            throw Problem.badInput("The body has more than \(bodyBytesMax) bytes or was cut.")
        }
        guard let body = try? JSONDecoder().decode(IDsBody.self, from: Data(bytes)) else {
            throw Problem.badInput(#"The body must be like {"tokenIds": ["1", "2"]}; ids above 2^53 as texts."#)
        }
        guard (1...idsMax).contains(body.tokenIds.count) else {
            throw Problem.badInput(
                "\(body.tokenIds.count) ids are given; from 1 to \(idsMax) can be asked for at once."
            )
        }
        return try body.tokenIds.map { id in
            guard let token = U256(text: id.text) else {
                throw Problem.badInput(
                    "\(id.text.prefix(90)) is not a token id: a decimal or 0x number from 0 to 2^256-1."
                )
            }
            return token
        }
    }

    private struct IDsBody: Decodable {
        var tokenIds: [ID]

        struct ID: Decodable {
            var text: String

            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                if let text = try? value.decode(String.self) {
                    self.text = text
                    return
                }
                let number = try value.decode(UInt64.self)
                guard number >> 53 == 0 else {
                    throw DecodingError.dataCorruptedError(in: value, debugDescription: "above 2^53")
                }
                text = String(number)
            }
        }
    }
}

extension JSONWriter {
    /// One of a collection's own words, or why it is not known.
    fileprivate mutating func fields(word: Result<LiveAnswer, LiveFailure>) {
        switch word {
        case .success(let answer): fields(answer, named: "value")
        case .failure(let failure):
            field("value", nil as String?)
            field("reason", failure.kind.rawValue)
            field("detail", failure.description)
        }
    }
}
