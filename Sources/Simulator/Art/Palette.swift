/// Colours that go together, from the top of the sky to the light of the thing in the middle.
struct Palette: Sendable {
    var name: String
    /// How often it is drawn, beside the others' numbers.
    var weight: Int
    var skyTop: String
    var skyBottom: String
    var far: String
    var near: String
    /// The thing itself, its shade, and what shines.
    var body: String
    var shade: String
    var glow: String

    private init(_ name: String, _ weight: Int, _ colours: [String]) {
        self.name = name
        self.weight = weight
        (skyTop, skyBottom, far, near) = (colours[0], colours[1], colours[2], colours[3])
        (body, shade, glow) = (colours[4], colours[5], colours[6])
    }

    /// Common ones first; the last ones are what collectors look for.
    static let all: [Palette] = [
        Palette("Dusk", 20, ["#2d2a55", "#e58f65", "#5b3f68", "#33294d", "#f2b25b", "#c0653f", "#ffe7b0"]),
        Palette("Harbour", 20, ["#12344d", "#6fb3b8", "#2a6478", "#153d4f", "#f4d58d", "#bf8f45", "#fff4cf"]),
        Palette("Meadow", 18, ["#5aa9c9", "#e9f2c9", "#7bb37a", "#3f7f5a", "#f2785c", "#b8463f", "#fff0d9"]),
        Palette("Blossom", 16, ["#7d5a94", "#f7c5c4", "#b37aa0", "#6b4a7d", "#ffe1d6", "#d98fa0", "#fff8f0"]),
        Palette("Pine", 12, ["#0f2a2e", "#5e9a78", "#1f4f49", "#0f3330", "#f0c987", "#a8743f", "#ffedc2"]),
        Palette("Frost", 8, ["#31507d", "#dcebf5", "#8fb3cf", "#55789c", "#ffffff", "#9cbbd6", "#f2fbff"]),
        Palette("Ember", 4, ["#240f14", "#c8402a", "#5a1a1f", "#2e1016", "#ffb02e", "#d95d1e", "#ffe08a"]),
        Palette("Opal", 2, ["#3b2f7a", "#8fe0d2", "#7c6fd0", "#41368a", "#fbd1ff", "#a685e8", "#f5fff9"]),
    ]
}

/// Something and how often it is drawn.
typealias Weighted<Value> = (value: Value, weight: Int)

extension SplitMix64 {
    /// One of several, each as often as its weight says; one draw, and there must be some weight.
    mutating func pick<Value>(weighted choices: [Weighted<Value>]) -> Value {
        var rest = pick(1...choices.reduce(0) { $0 + $1.weight })
        for choice in choices {
            rest -= choice.weight
            if rest <= 0 { return choice.value }
        }
        preconditionFailure("the weights add up to what was drawn from")
    }
}
