/// The thing in the middle of a picture, one kind for each collection, in several shapes, as SVG text.
enum Subject: Sendable {
    case lantern, boat, kite, planet

    /// By name, and how often.
    var shapes: [Weighted<String>] {
        switch self {
        case .lantern: [("Round", 40), ("Tall", 30), ("Hexagon", 22), ("Star", 8)]
        case .boat: [("Folded", 55), ("Sail", 35), ("Swan", 10)]
        case .kite: [("Diamond", 50), ("Sled", 35), ("Moth", 15)]
        case .planet: [("Banded", 45), ("Cratered", 35), ("Ringed", 20)]
        }
    }

    func drawing(_ shape: String, _ palette: Palette, _ random: inout SplitMix64) -> String {
        switch self {
        case .lantern: Self.lantern(shape, palette)
        case .boat: Self.boat(shape, palette, x: random.pick(-18...18))
        case .kite: Self.kite(shape, palette, turn: random.pick(-22...22))
        case .planet: Self.planet(shape, palette, turn: random.pick(-24...24))
        }
    }

    // MARK: Parts

    private static func area(_ colour: String, _ path: String, opacity: String = "1") -> String {
        #"<path fill="\#(colour)" fill-opacity="\#(opacity)" d="\#(path)"/>"#
    }

    private static func line(_ colour: String, _ width: String, _ path: String) -> String {
        #"<path fill="none" stroke="\#(colour)" stroke-width="\#(width)" stroke-linecap="round" d="\#(path)"/>"#
    }

    private static func disc(_ colour: String, _ x: Int, _ y: Int, _ radius: Int, opacity: String = "1") -> String {
        #"<circle cx="\#(x)" cy="\#(y)" r="\#(radius)" fill="\#(colour)" opacity="\#(opacity)"/>"#
    }

    private static func oval(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ attributes: String) -> String {
        #"<ellipse cx="\#(x)" cy="\#(y)" rx="\#(width)" ry="\#(height)" \#(attributes)/>"#
    }

    /// The light that palettes have under this name; see ``Scenery/gradients(_:)``.
    private static let glow = "url(#g)"

    // MARK: Things

    private static func lantern(_ shape: String, _ palette: Palette) -> String {
        let (paper, shade) = (palette.body, palette.shade)
        let body: String
        switch shape {
        case "Tall":
            body =
                area(
                    paper,
                    "M146 98h28a30 30 0 0 1 30 30v60a30 30 0 0 1-30 30h-28a30 30 0 0 1-30-30v-60a30 30 0 0 1 30-30z"
                )
                + line(shade, "2.5", "M117 128h86M117 158h86M117 188h86")
        case "Hexagon":
            body =
                area(paper, "M160 98l56 32v56l-56 32-56-32v-56z")
                + line(shade, "2.5", "M160 98v120M104 130l112 56M216 130l-112 56")
        case "Star":
            body =
                area(paper, "M160 84l21 50 54 5-41 35 13 53-47-29-47 29 13-53-41-35 54-5z")
                + line(shade, "2.5", "M160 84v81M235 139l-75 26M207 227l-47-62M113 227l47-62M85 139l75 26")
        default:
            let rib = #"fill="none" stroke="\#(shade)" stroke-width="2.5""#
            body =
                oval(160, 158, 68, 60, #"fill="\#(paper)""#) + oval(160, 158, 44, 60, rib)
                + oval(160, 158, 16, 60, rib)
        }
        return disc(glow, 160, 158, 136, opacity: ".75") + line(palette.near, "2", "M160 0v94") + body
            + disc(glow, 160, 164, 40) + area(palette.near, "M140 90h40v11h-40zM143 213h34v9h-34z")
            + line(shade, "3", "M151 222v30M160 222v40M169 222v30")
    }

    private static func boat(_ shape: String, _ palette: Palette, x: Int) -> String {
        let (light, dark) = (palette.body, palette.shade)
        let hull: String
        switch shape {
        case "Sail":
            hull =
                line(palette.near, "4", "M160 96v110") + area(light, "M166 98c40 28 52 66 54 98h-54z")
                + area(dark, "M154 112c-22 26-38 54-44 84h44z")
                + area(light, "M88 206h144c-8 26-26 38-44 38h-56c-18 0-36-12-44-38z")
        case "Swan":
            let neck = "c26 14 60 12 84-6 16-14 14-34 4-46-14-16 2-40 24-32 10 4 14 12 24 16-14 6-22 6-26 14"
            hull =
                area(light, "M96 196\(neck)-4 10 16 26 12 54-6 36-40 48-72 48-30 0-50-18-50-48z")
                + area(dark, "M112 206c28 12 52 8 74-8-4 28-30 36-74 8z") + disc(palette.near, 206, 124, 3)
        default:
            hull =
                area(dark, "M160 122l46 76h-92z") + area(palette.glow, "M160 122l-46 76h46z")
                + area(light, "M72 176l40 22h96l40-22-34 66H106z")
                + area(dark, "M160 198h48l40-22-34 66h-54z", opacity: ".45")
        }
        let shadow = oval(160, 246, 84, 9, #"fill="\#(palette.near)" opacity=".55""#)
        return disc(glow, 160, 150, 120, opacity: ".5") + "<g transform=\"translate(\(x) 6)\">\(shadow)\(hull)</g>"
    }

    private static func kite(_ shape: String, _ palette: Palette, turn: Int) -> String {
        let (light, dark) = (palette.body, palette.shade)
        let cloth: String
        switch shape {
        case "Sled":
            cloth = area(light, "M112 66h96l22 62-26 62h-88l-26-62z") + area(dark, "M144 66h32v124h-32z")
        case "Moth":
            cloth =
                area(light, "M160 122c-10-50-60-66-90-46 0 44 30 66 90 54 60 12 90-10 90-54-30-20-80-4-90 46z")
                + area(dark, "M160 124c-34 2-52 26-44 60 26 2 42-22 44-60 2 38 18 62 44 60 8-34-10-58-44-60z")
                + disc(palette.glow, 108, 96, 11) + disc(palette.glow, 212, 96, 11)
        default:
            cloth =
                area(light, "M160 48l64 72-64 92-64-92z") + area(dark, "M160 48v164l-64-92z")
                + area(palette.glow, "M160 84l30 36-30 42-30-42z", opacity: ".85")
        }
        let bows = "M176 226l-14-7v14zM148 226l14-7v14zM168 268l-14-7v14zM142 268l12-7v14z"
        return "<g transform=\"rotate(\(turn) 160 130)\">"
            + line(palette.glow, "2.5", "M160 190c30 30-34 44-4 76s-20 40-20 60") + area(dark, bows)
            + disc(glow, 160, 126, 118, opacity: ".35") + cloth + "</g>"
    }

    private static func planet(_ shape: String, _ palette: Palette, turn: Int) -> String {
        let shade = palette.shade
        let face: String
        switch shape {
        case "Cratered":
            let craters = [(136, 112, 15), (186, 132, 21), (144, 166, 11), (118, 146, 7), (180, 178, 8)]
            face = craters.map { disc(shade, $0.0, $0.1, $0.2, opacity: ".6") }.joined()
        case "Ringed":
            face =
                line(shade, "7", "M103 112q57 22 114 0M102 172q58 22 116 0")
                + line(palette.glow, "9", "M98 122c-52 22-38 46 26 40s150-34 148-58c-2-14-26-16-56-10")
        default:
            face =
                line(shade, "12", "M104 118q56 24 112 0") + line(shade, "7", "M98 144q62 26 124 0M108 176q52 22 104 0")
        }
        return disc(glow, 160, 140, 128, opacity: ".6")
            + "<g transform=\"rotate(\(turn) 160 140)\">\(disc(palette.body, 160, 140, 66))\(face)</g>"
            + area("#000", "M200 88a66 66 0 0 1-86 99 66 66 0 0 0 86-99z", opacity: ".16")
    }
}
