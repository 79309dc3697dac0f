/// A result with the number of the question, for task groups.
///
/// Not a tuple: the optimiser of Swift 6.3.1 loses parts of tuples that come out of task groups, and builds that were
/// optimised read beyond the ends of arrays.
package struct Numbered<Value: Sendable>: Sendable {
    package var index: Int
    package var value: Value

    package init(_ index: Int, _ value: Value) {
        self.index = index
        self.value = value
    }
}
