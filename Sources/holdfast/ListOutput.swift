import Foundation
import Tokens

/// A list on stdout, page by page, with the state that it was read from: as of which block, and whether that is complete.
struct ListOutput {
    /// The field of the items in JSON.
    var name: String
    var isJSON: Bool
    /// Items shown at most.
    var limit: Int
    private static let pageMax = 100

    init(name: String, isJSON: Bool, limit: Int) {
        (self.name, self.isJSON, self.limit) = (name, isJSON, limit)
    }

    /// Writes pages until the end or the limit.
    ///
    /// - Parameters:
    ///   - page: reads the page that starts at a position, of so many items at most.
    ///   - line: one item as text, or as a JSON object.
    func write<Item: Sendable, Position: Sendable>(
        _ page: (Position?, Int) throws -> Page<Item, Position>,
        line: (Item, Bool) -> String
    ) throws {
        var position: Position?
        var (shown, isTruncated, isChanged) = (0, false, false)
        var first: Standing?
        var last: Standing
        repeat {
            let read = try page(position, min(limit - shown, Self.pageMax))
            // After the first page was read, so that a question that fails prints nothing.
            if first == nil, isJSON { print(#"{"\#(name)":["#) }
            for item in read.items {
                print((isJSON && shown > 0 ? "," : "") + line(item, isJSON))
                shown += 1
            }
            isTruncated = isTruncated || read.isTruncated
            isChanged = isChanged || first.map { $0.revision != read.standing.revision } ?? false
            first = first ?? read.standing
            last = read.standing
            position = read.next
        } while position != nil && shown < limit
        let isAll = position == nil && !isTruncated
        if isJSON {
            print(
                #"],"asOf":\#(last.json),"complete":\#(last.isComplete),"all":\#(isAll),"changed":\#(isChanged)}"#
            )
        } else {
            var notes = [last.text]
            if position != nil { notes.append("more than --limit \(limit)") }
            if isTruncated { notes.append("more, held by overlapping ranges that are too many to list") }
            if isChanged { notes.append("the data changed while it was listed") }
            FileHandle.standardError.write(Data((notes.joined(separator: "; ") + "\n").utf8))
        }
    }
}

extension Standing {
    /// `as of block N, complete`.
    var text: String {
        guard let block else { return "nothing is read yet, NOT complete" }
        return "as of block \(block), " + (isComplete ? "complete" : "NOT complete yet")
    }

    /// The block as JSON, its hash where it is held; `null` while nothing was read.
    var json: String {
        guard let block else { return "null" }
        return #"{"blockNumber":\#(block),"blockHash":\#(hash.map { "\"\($0)\"" } ?? "null")}"#
    }
}
