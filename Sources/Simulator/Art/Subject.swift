/// The thing in the middle of a picture, one kind for each collection, in several shapes. SVG text.
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

    private static func lantern(_ shape: String, _ palette: Palette) -> String {
        let paper = "fill=\"\(palette.body)\""
        let rib = "fill=\"none\" stroke=\"\(palette.shade)\" stroke-width=\"2.5\""
        let body: String
        switch shape {
        case "Tall":
            body = "<rect x=\"116\" y=\"98\" width=\"88\" height=\"120\" rx=\"30\" \(paper)/>"
                + "<path \(rib) d=\"M116 128h88M116 158h88M116 188h88\"/>"
        case "Hexagon":
            body = "<path \(paper) d=\"M160 98l56 32v56l-56 32-56-32v-56z\"/>"
                + "<path \(rib) d=\"M160 98v120M104 130l112 56M216 130l-112 56\"/>"
        case "Star":
            body = "<path \(paper) d=\"M160 84l21 50 54 5-41 35 13 53-47-29-47 29 13-53-41-35 54-5z\"/>"
                + "<path \(rib) d=\"M160 84v81M235 139l-75 26M207 227l-47-62M113 227l47-62M85 139l75 26\"/>"
        default:
            body = "<ellipse cx=\"160\" cy=\"158\" rx=\"68\" ry=\"60\" \(paper)/>"
                + "<g \(rib)><ellipse cx=\"160\" cy=\"158\" rx=\"44\" ry=\"60\"/>"
                + "<ellipse cx=\"160\" cy=\"158\" rx=\"16\" ry=\"60\"/></g>"
        }
        let fitting = "fill=\"\(palette.near)\""
        return "<circle cx=\"160\" cy=\"158\" r=\"136\" fill=\"url(#g)\" opacity=\".75\"/>"
            + "<path stroke=\"\(palette.near)\" stroke-width=\"2\" d=\"M160 0v94\"/>\(body)"
            + "<circle cx=\"160\" cy=\"164\" r=\"40\" fill=\"url(#g)\"/>"
            + "<rect x=\"140\" y=\"90\" width=\"40\" height=\"11\" rx=\"4\" \(fitting)/>"
            + "<rect x=\"143\" y=\"213\" width=\"34\" height=\"9\" rx=\"3\" \(fitting)/>"
            + "<path stroke=\"\(palette.shade)\" stroke-width=\"3\" stroke-linecap=\"round\" d=\"M151 222v30M160 222v40M169 222v30\"/>"
    }

    private static func boat(_ shape: String, _ palette: Palette, x: Int) -> String {
        let (light, dark) = ("fill=\"\(palette.body)\"", "fill=\"\(palette.shade)\"")
        let hull: String
        switch shape {
        case "Sail":
            hull = "<path stroke=\"\(palette.near)\" stroke-width=\"4\" d=\"M160 96v110\"/>"
                + "<path \(light) d=\"M166 98c40 28 52 66 54 98h-54z\"/><path \(dark) d=\"M154 112c-22 26-38 54-44 84h44z\"/>"
                + "<path \(light) d=\"M88 206h144c-8 26-26 38-44 38h-56c-18 0-36-12-44-38z\"/>"
        case "Swan":
            hull = "<path \(light) d=\"M96 196c26 14 60 12 84-6 16-14 14-34 4-46-14-16 2-40 24-32 10 4 14 12 24 16-14 6-22 6-26 14"
                + "-4 10 16 26 12 54-6 36-40 48-72 48-30 0-50-18-50-48z\"/>"
                + "<path \(dark) d=\"M112 206c28 12 52 8 74-8-4 28-30 36-74 8z\"/><circle cx=\"206\" cy=\"124\" r=\"3\" fill=\"\(palette.near)\"/>"
        default:
            hull = "<path \(dark) d=\"M160 122l46 76h-92z\"/><path fill=\"\(palette.glow)\" d=\"M160 122l-46 76h46z\"/>"
                + "<path \(light) d=\"M72 176l40 22h96l40-22-34 66H106z\"/><path \(dark) opacity=\".45\" d=\"M160 198h48l40-22-34 66h-54z\"/>"
        }
        return "<circle cx=\"160\" cy=\"150\" r=\"120\" fill=\"url(#g)\" opacity=\".5\"/>"
            + "<g transform=\"translate(\(x) 6)\"><ellipse cx=\"160\" cy=\"246\" rx=\"84\" ry=\"9\" fill=\"\(palette.near)\" opacity=\".55\"/>"
            + "\(hull)</g>"
    }

    private static func kite(_ shape: String, _ palette: Palette, turn: Int) -> String {
        let (light, dark) = ("fill=\"\(palette.body)\"", "fill=\"\(palette.shade)\"")
        let cloth: String
        switch shape {
        case "Sled":
            cloth = "<path \(light) d=\"M112 66h96l22 62-26 62h-88l-26-62z\"/><path \(dark) d=\"M144 66h32v124h-32z\"/>"
        case "Moth":
            cloth = "<path \(light) d=\"M160 122c-10-50-60-66-90-46 0 44 30 66 90 54 60 12 90-10 90-54-30-20-80-4-90 46z\"/>"
                + "<path \(dark) d=\"M160 124c-34 2-52 26-44 60 26 2 42-22 44-60 2 38 18 62 44 60 8-34-10-58-44-60z\"/>"
                + "<g fill=\"\(palette.glow)\"><circle cx=\"108\" cy=\"96\" r=\"11\"/><circle cx=\"212\" cy=\"96\" r=\"11\"/></g>"
        default:
            cloth = "<path \(light) d=\"M160 48l64 72-64 92-64-92z\"/><path \(dark) d=\"M160 48v164l-64-92z\"/>"
                + "<path fill=\"\(palette.glow)\" d=\"M160 84l30 36-30 42-30-42z\" opacity=\".85\"/>"
        }
        return "<g transform=\"rotate(\(turn) 160 130)\">"
            + "<path fill=\"none\" stroke=\"\(palette.glow)\" stroke-width=\"2.5\" d=\"M160 190c30 30-34 44-4 76s-20 40-20 60\"/>"
            + "<g \(dark)><path d=\"M176 226l-14-7v14zM148 226l14-7v14z\"/><path d=\"M168 268l-14-7v14zM142 268l12-7v14z\"/></g>"
            + "<circle cx=\"160\" cy=\"126\" r=\"118\" fill=\"url(#g)\" opacity=\".35\"/>\(cloth)</g>"
    }

    private static func planet(_ shape: String, _ palette: Palette, turn: Int) -> String {
        let band = "fill=\"none\" stroke=\"\(palette.shade)\" stroke-opacity=\".7\""
        let face: String
        switch shape {
        case "Cratered":
            face = "<g fill=\"\(palette.shade)\" fill-opacity=\".6\"><circle cx=\"136\" cy=\"112\" r=\"15\"/>"
                + "<circle cx=\"186\" cy=\"132\" r=\"21\"/><circle cx=\"144\" cy=\"166\" r=\"11\"/>"
                + "<circle cx=\"118\" cy=\"146\" r=\"7\"/><circle cx=\"180\" cy=\"178\" r=\"8\"/></g>"
        case "Ringed":
            face = "<path \(band) stroke-width=\"9\" d=\"M100 122q60 22 120 0\"/>"
                + "<path fill=\"none\" stroke=\"\(palette.glow)\" stroke-width=\"9\" stroke-linecap=\"round\" "
                + "d=\"M98 122c-52 22-38 46 26 40s150-34 148-58c-2-14-26-16-56-10\"/>"
        default:
            face = "<path \(band) stroke-width=\"12\" d=\"M99 118q61 24 122 0\"/>"
                + "<path \(band) stroke-width=\"7\" d=\"M95 144q65 26 130 0M106 176q54 22 108 0\"/>"
        }
        return "<circle cx=\"160\" cy=\"140\" r=\"128\" fill=\"url(#g)\" opacity=\".6\"/>"
            + "<g transform=\"rotate(\(turn) 160 140)\"><circle cx=\"160\" cy=\"140\" r=\"66\" fill=\"\(palette.body)\"/>\(face)</g>"
            + "<path fill=\"#000\" fill-opacity=\".16\" d=\"M200 88a66 66 0 0 1-86 99 66 66 0 0 0 86-99z\"/>"
    }
}
