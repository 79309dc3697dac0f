/// What is behind the thing in a picture, as SVG text: the sky, and the land or water under it.
enum Scenery {
    enum Sky: String, Sendable {
        case clouds = "Clouds"
        case stars = "Stars"
        case moon = "Moon"
        case comet = "Comet"
        case aurora = "Northern Lights"

        static let weighted: [Weighted<Sky>] = [(.clouds, 36), (.stars, 34), (.moon, 20), (.comet, 7), (.aurora, 3)]
    }

    enum Ground: String, Sendable {
        case hills = "Hills"
        case peaks = "Peaks"
        case water = "Water"

        static let weighted: [Weighted<Ground>] = [(.hills, 50), (.peaks, 25), (.water, 25)]
    }

    /// The side of every picture.
    static let side = 320

    static func gradients(_ palette: Palette) -> String {
        """
        <defs><linearGradient id="s" x2="0" y2="1"><stop stop-color="\(palette.skyTop)"/>\
        <stop offset="1" stop-color="\(palette.skyBottom)"/></linearGradient>\
        <radialGradient id="g"><stop stop-color="\(palette.glow)" stop-opacity=".95"/>\
        <stop offset="1" stop-color="\(palette.glow)" stop-opacity="0"/></radialGradient></defs>
        """
    }

    static func sky(_ sky: Sky, _ palette: Palette, _ random: inout SplitMix64) -> String {
        var out = "<path fill=\"url(#s)\" d=\"M0 0h320v320H0z\"/>"
        switch sky {
        case .clouds:
            for _ in 0..<3 {
                let (x, y) = (random.pick(20...300), random.pick(26...110))
                out += "<g fill=\"#fff\" fill-opacity=\".28\"><ellipse cx=\"\(x)\" cy=\"\(y)\" rx=\"44\" ry=\"12\"/>"
                out += "<ellipse cx=\"\(x + 20)\" cy=\"\(y - 9)\" rx=\"25\" ry=\"12\"/></g>"
            }
        case .stars: out += stars(34, &random)
        case .moon:
            out += stars(14, &random)
            let (x, y) = (random.pick(52...92), random.pick(34...64))
            out += "<path fill=\"\(palette.glow)\" d=\"M\(x) \(y)a25 25 0 1 0 32 30 29 29 0 0 1-32-30z\"/>"
        case .comet:
            out += stars(20, &random)
            let (x, y) = (random.pick(40...120), random.pick(30...70))
            out += "<path fill=\"\(palette.glow)\" fill-opacity=\".55\" d=\"M\(x) \(y)l110-34-106 42z\"/>"
            out += "<circle cx=\"\(x)\" cy=\"\(y + 3)\" r=\"6\" fill=\"#fff\"/>"
        case .aurora:
            out += stars(18, &random)
            for (index, opacity) in [".34", ".26", ".2"].enumerated() {
                let y = 46 + 26 * index + random.pick(0...10)
                out += "<path fill=\"\(index == 1 ? palette.body : palette.glow)\" fill-opacity=\"\(opacity)\" "
                out += "d=\"M0 \(y)c60-50 100 40 160 0s110-40 160 4v34c-50-40-100 36-160 8"
                out += "S60 \(y + 14) 0 \(y + 34)z\"/>"
            }
        }
        return out
    }

    private static func stars(_ count: Int, _ random: inout SplitMix64) -> String {
        var out = "<g fill=\"#fff\">"
        for _ in 0..<count {
            let (x, y, size) = (random.pick(4...316), random.pick(4...190), random.pick(0...5))
            out += "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"\(size == 0 ? "2.2" : size < 3 ? "1.5" : "1")\""
            out += " opacity=\".\(random.pick(4...9))\"/>"
        }
        return out + "</g>"
    }

    static func ground(_ ground: Ground, _ palette: Palette, _ random: inout SplitMix64) -> String {
        let y = random.pick(0...14)
        switch ground {
        case .hills:
            return "<path fill=\"\(palette.far)\" d=\"M0 \(236 + y)c70-46 130-30 180-4s100 20 140-10V320H0z\"/>"
                + "<path fill=\"\(palette.near)\" d=\"M0 \(284 - y)c80-34 150-8 200 0s90-6 120-22V320H0z\"/>"
        case .peaks:
            return "<path fill=\"\(palette.far)\" d=\"M0 \(262 - y)l62-66 50 48 66-84 72 82 70-52V320H0z\"/>"
                + "<path fill=\"\(palette.near)\" d=\"M0 300l70-34 64 22 86-44 100 46V320H0z\"/>"
        case .water:
            let glitter = "stroke=\"\(palette.glow)\" stroke-opacity=\".4\" stroke-width=\"2\""
            var out = "<path fill=\"\(palette.far)\" d=\"M0 226h320v94H0z\"/>"
            out += "<path fill=\"\(palette.near)\" fill-opacity=\".6\" d=\"M0 268q40-14 80 0t80 0 80 0 80 0V320H0z\"/>"
            for _ in 0..<9 {
                let (x, y, length) = (random.pick(4...270), random.pick(236...312), random.pick(14...48))
                out += "<path \(glitter) d=\"M\(x) \(y)h\(length)\"/>"
            }
            return out
        }
    }
}
