enum PageBody { static let text = "<body>" }
