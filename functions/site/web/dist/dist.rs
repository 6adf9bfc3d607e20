// Written by build.mjs.
Dist {
    pages: [
        Page { language: "en", tag: "94f6ff5f5a0db37863cc7cd94a545b51", html: include_str!("index.en.html") },
        Page { language: "de", tag: "d33c944db48c6a6aa0b93d9df3029bfb", html: include_str!("index.de.html") },
    ],
    console: Page { language: "en", tag: "19caeb8235d1281ef3d2e72ef9d28a8d", html: include_str!("console.html") },
    files: &[
        File { path: "/assets/chat-0184e447c4784f05.js", content_type: "text/javascript; charset=utf-8", tag: "0184e447c4784f050578ba528596a3d1", plain: include_bytes!("assets/chat-0184e447c4784f05.js"), gzipped: include_bytes!("assets/chat-0184e447c4784f05.js.gz") },
        File { path: "/assets/licences-f175989a847ab8b2.txt", content_type: "text/plain; charset=utf-8", tag: "f175989a847ab8b2f948bffb6737a722", plain: include_bytes!("assets/licences-f175989a847ab8b2.txt"), gzipped: include_bytes!("assets/licences-f175989a847ab8b2.txt.gz") },
        File { path: "/assets/seal-67eea62bca9b75c6.js", content_type: "text/javascript; charset=utf-8", tag: "67eea62bca9b75c6a6aa9335ec847dfe", plain: include_bytes!("assets/seal-67eea62bca9b75c6.js"), gzipped: include_bytes!("assets/seal-67eea62bca9b75c6.js.gz") },
        File { path: "/widget.js", content_type: "text/javascript; charset=utf-8", tag: "8abcacfaf4a665b5b848f3f46e311ec4", plain: include_bytes!("widget.js"), gzipped: include_bytes!("widget.js.gz") },
        File { path: "/assets/printable-e950265fa8a47b20.css", content_type: "text/css; charset=utf-8", tag: "e950265fa8a47b202ca220722b4dc524", plain: include_bytes!("assets/printable-e950265fa8a47b20.css"), gzipped: include_bytes!("assets/printable-e950265fa8a47b20.css.gz") },
        File { path: "/assets/console-5d0a3396c5c040c6.js", content_type: "text/javascript; charset=utf-8", tag: "5d0a3396c5c040c6c929f4164d79477f", plain: include_bytes!("assets/console-5d0a3396c5c040c6.js"), gzipped: include_bytes!("assets/console-5d0a3396c5c040c6.js.gz") },
        File { path: "/assets/console-ba4d2df4dd21b689.css", content_type: "text/css; charset=utf-8", tag: "ba4d2df4dd21b68941f49e57bfe51e1b", plain: include_bytes!("assets/console-ba4d2df4dd21b689.css"), gzipped: include_bytes!("assets/console-ba4d2df4dd21b689.css.gz") },
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
