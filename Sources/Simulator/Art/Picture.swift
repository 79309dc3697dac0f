/// A generated picture, and the traits that are seen in it: a pure function of seed, collection and id.
struct Picture: Sendable, Equatable {
    struct Trait: Sendable, Equatable {
        var type: String
        var value: String
    }

    var svg: String
    var traits: [Trait]

    /// A thing in a landscape.
    static func scene(_ subject: Subject, _ random: inout SplitMix64) -> Picture {
        let palette = palette(&random)
        let shape = random.pick(weighted: subject.shapes)
        let sky = random.pick(weighted: Scenery.Sky.weighted)
        let drawn = random.pick(weighted: Scenery.Ground.weighted)
        let ground = subject == .boat ? .water : drawn
        let parts =
            Scenery.gradients(palette) + Scenery.sky(sky, palette, &random)
            + Scenery.ground(ground, palette, &random) + subject.drawing(shape, palette, &random)
        return Picture(
            svg: wrapped(parts),
            traits: [
                Trait(type: "Palette", value: palette.name), Trait(type: "Shape", value: shape),
                Trait(type: "Sky", value: sky.rawValue), Trait(type: "Ground", value: ground.rawValue),
            ]
        )
    }

    /// Rows of tiles that were turned by chance.
    static func tiles(_ random: inout SplitMix64) -> Picture {
        let palette = palette(&random)
        let count = random.pick(weighted: [(4, 50), (5, 30), (2, 20)])
        let pattern = random.pick(weighted: [("Petals", 40), ("Quarters", 40), ("Beads", 20)])
        let colours = [palette.body, palette.shade, palette.glow, palette.far, palette.skyBottom]
        let side = Scenery.side / count
        var parts = "<path fill=\"\(palette.near)\" d=\"M0 0h320v320H0z\"/>"
        for cell in 0..<count * count {
            let (x, y) = (cell % count * side, cell / count * side)
            let turn = 90 * random.pick(0...3)
            parts += "<g transform=\"translate(\(x) \(y)) rotate(\(turn) \(side / 2) \(side / 2))\">"
            parts += tile(pattern, side, random.pick(colours), random.pick(colours)) + "</g>"
        }
        return Picture(
            svg: wrapped(parts),
            traits: [
                Trait(type: "Palette", value: palette.name), Trait(type: "Pattern", value: pattern),
                Trait(type: "Tiles", value: "\(count) × \(count)"),
            ]
        )
    }

    private static func tile(_ pattern: String, _ side: Int, _ first: String, _ second: String) -> String {
        let half = side / 2
        switch pattern {
        case "Petals":
            let there = "a\(side) \(side) 0 0 1 \(side) \(side)"
            let back = "a\(side) \(side) 0 0 1-\(side)-\(side)"
            return "<path fill=\"\(first)\" d=\"M0 0\(there)\(back)z\"/>"
        case "Quarters":
            return "<path fill=\"\(first)\" d=\"M0 0h\(side)A\(side) \(side) 0 0 1 0 \(side)z\"/>"
                + "<path fill=\"\(second)\" d=\"M0 0h\(half)A\(half) \(half) 0 0 1 0 \(half)z\"/>"
        default:
            let radius = side * 2 / 5
            return "<circle cx=\"\(half)\" cy=\"\(half)\" r=\"\(radius)\" fill=\"\(first)\"/>"
                + "<path fill=\"\(second)\" d=\"M\(half) \(half - radius)a\(radius) \(radius) 0 0 1 0 \(2 * radius)z\"/>"
        }
    }

    private static func palette(_ random: inout SplitMix64) -> Palette {
        random.pick(weighted: Palette.all.map { ($0, $0.weight) })
    }

    private static func wrapped(_ parts: String) -> String {
        let side = Scenery.side
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(side) \(side)\">\(parts)</svg>"
    }
}
