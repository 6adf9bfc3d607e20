// Written by build.mjs.
Dist {
    pages: [
        Page { language: "en", tag: "94f6ff5f5a0db37863cc7cd94a545b51", html: include_str!("index.en.html") },
        Page { language: "de", tag: "d33c944db48c6a6aa0b93d9df3029bfb", html: include_str!("index.de.html") },
    ],
    console: Page { language: "en", tag: "553e388b2bc30aed63ec6aea88648adb", html: include_str!("console.html") },
    files: &[
        File { path: "/assets/chat-95ab49b962ce67d5.js", content_type: "text/javascript; charset=utf-8", tag: "95ab49b962ce67d5c4171c92eb525ff8", plain: include_bytes!("assets/chat-95ab49b962ce67d5.js"), gzipped: include_bytes!("assets/chat-95ab49b962ce67d5.js.gz") },
        File { path: "/assets/licences-f175989a847ab8b2.txt", content_type: "text/plain; charset=utf-8", tag: "f175989a847ab8b2f948bffb6737a722", plain: include_bytes!("assets/licences-f175989a847ab8b2.txt"), gzipped: include_bytes!("assets/licences-f175989a847ab8b2.txt.gz") },
        File { path: "/assets/seal-67eea62bca9b75c6.js", content_type: "text/javascript; charset=utf-8", tag: "67eea62bca9b75c6a6aa9335ec847dfe", plain: include_bytes!("assets/seal-67eea62bca9b75c6.js"), gzipped: include_bytes!("assets/seal-67eea62bca9b75c6.js.gz") },
        File { path: "/widget.js", content_type: "text/javascript; charset=utf-8", tag: "d703d66b6176f97a0950311290bb2eda", plain: include_bytes!("widget.js"), gzipped: include_bytes!("widget.js.gz") },
        File { path: "/assets/console-46a6e6f7f38904ad.js", content_type: "text/javascript; charset=utf-8", tag: "46a6e6f7f38904adacc936f5e2eadf48", plain: include_bytes!("assets/console-46a6e6f7f38904ad.js"), gzipped: include_bytes!("assets/console-46a6e6f7f38904ad.js.gz") },
        File { path: "/assets/console-2f25bb99a04a4b20.css", content_type: "text/css; charset=utf-8", tag: "2f25bb99a04a4b20c2177283687604ac", plain: include_bytes!("assets/console-2f25bb99a04a4b20.css"), gzipped: include_bytes!("assets/console-2f25bb99a04a4b20.css.gz") },
        File { path: "/assets/blanket-333531e1cba7f056.svg", content_type: "image/svg+xml; charset=utf-8", tag: "333531e1cba7f0567530d8f7a2dfb704", plain: include_bytes!("assets/blanket-333531e1cba7f056.svg"), gzipped: include_bytes!("assets/blanket-333531e1cba7f056.svg.gz") },
        File { path: "/assets/board-ef9408c41ad2bb42.svg", content_type: "image/svg+xml; charset=utf-8", tag: "ef9408c41ad2bb42bfabed39a31dafbd", plain: include_bytes!("assets/board-ef9408c41ad2bb42.svg"), gzipped: include_bytes!("assets/board-ef9408c41ad2bb42.svg.gz") },
        File { path: "/assets/lamp-a6bbf1d105ab6103.svg", content_type: "image/svg+xml; charset=utf-8", tag: "a6bbf1d105ab61039d4813fd744b901c", plain: include_bytes!("assets/lamp-a6bbf1d105ab6103.svg"), gzipped: include_bytes!("assets/lamp-a6bbf1d105ab6103.svg.gz") },
        File { path: "/assets/mug-31964594baf58108.svg", content_type: "image/svg+xml; charset=utf-8", tag: "31964594baf58108cf119284da410a4c", plain: include_bytes!("assets/mug-31964594baf58108.svg"), gzipped: include_bytes!("assets/mug-31964594baf58108.svg.gz") },
        File { path: "/assets/plant-ea50a846246ad86d.svg", content_type: "image/svg+xml; charset=utf-8", tag: "ea50a846246ad86d1dbbb4e02f624e03", plain: include_bytes!("assets/plant-ea50a846246ad86d.svg"), gzipped: include_bytes!("assets/plant-ea50a846246ad86d.svg.gz") },
        File { path: "/assets/shop-3818e0e0e531cedd.css", content_type: "text/css; charset=utf-8", tag: "3818e0e0e531cedd6160c88fbb2a1f93", plain: include_bytes!("assets/shop-3818e0e0e531cedd.css"), gzipped: include_bytes!("assets/shop-3818e0e0e531cedd.css.gz") },
        File { path: "/assets/sotto-09f0433ad124bffb.svg", content_type: "image/svg+xml; charset=utf-8", tag: "09f0433ad124bffb6f4999dd85399834", plain: include_bytes!("assets/sotto-09f0433ad124bffb.svg"), gzipped: include_bytes!("assets/sotto-09f0433ad124bffb.svg.gz") },
        File { path: "/assets/teapot-7aec9fe5ca939222.svg", content_type: "image/svg+xml; charset=utf-8", tag: "7aec9fe5ca939222c16754e8132b5356", plain: include_bytes!("assets/teapot-7aec9fe5ca939222.svg"), gzipped: include_bytes!("assets/teapot-7aec9fe5ca939222.svg.gz") },
    ],
}
