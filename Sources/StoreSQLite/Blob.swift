import Ethereum
import Foundation

/// How values become the bytes of columns, and back.
enum Blob {
    /// The most bytes any value of ours has.
    static let bytesMax = 40

    static func orderedKey(_ number: U256) -> [UInt8] {
        let count = number.byteCount
        return [UInt8(count)] + number.bytes.suffix(count)
    }

    static func number(orderedKey bytes: some Collection<UInt8>) -> U256? {
        guard let count = bytes.first, Int(count) == bytes.count - 1 else { return nil }
        return U256(bytes: bytes.dropFirst())
    }

    static func shortest(_ number: U256) -> [UInt8] {
        Array(number.bytes.suffix(number.byteCount))
    }

    /// For statements that are written once and run seldom.
    static func data(_ bytes: [UInt8]) -> Data { Data(bytes) }
}
