// Written by build.mjs.
Dist {
    pages: [
        Page { language: "en", tag: "0e397dc95929a31c128064c65bfc02d6", html: include_str!("index.en.html") },
        Page { language: "de", tag: "baf78dd7de7e41bf743c15bd2a2768e4", html: include_str!("index.de.html") },
    ],
    console: Page { language: "en", tag: "2495398112b42cc2e58b9ad9eb8a62eb", html: include_str!("console.html") },
    files: &[
        File { path: "/assets/chat-8a8c3f509e92be97.js", content_type: "text/javascript; charset=utf-8", tag: "8a8c3f509e92be97a9580ae9abf79a2f", plain: include_bytes!("assets/chat-8a8c3f509e92be97.js"), gzipped: include_bytes!("assets/chat-8a8c3f509e92be97.js.gz") },
        File { path: "/assets/licences-f175989a847ab8b2.txt", content_type: "text/plain; charset=utf-8", tag: "f175989a847ab8b2f948bffb6737a722", plain: include_bytes!("assets/licences-f175989a847ab8b2.txt"), gzipped: include_bytes!("assets/licences-f175989a847ab8b2.txt.gz") },
        File { path: "/assets/seal-f7f9cef7d32d9d01.js", content_type: "text/javascript; charset=utf-8", tag: "f7f9cef7d32d9d016be1650e4d8709a1", plain: include_bytes!("assets/seal-f7f9cef7d32d9d01.js"), gzipped: include_bytes!("assets/seal-f7f9cef7d32d9d01.js.gz") },
        File { path: "/widget.js", content_type: "text/javascript; charset=utf-8", tag: "9e2d5bfc923880781a86e6c61a32b838", plain: include_bytes!("widget.js"), gzipped: include_bytes!("widget.js.gz") },
        File { path: "/assets/printable-e950265fa8a47b20.css", content_type: "text/css; charset=utf-8", tag: "e950265fa8a47b202ca220722b4dc524", plain: include_bytes!("assets/printable-e950265fa8a47b20.css"), gzipped: include_bytes!("assets/printable-e950265fa8a47b20.css.gz") },
        File { path: "/assets/console-eb20991c50be0ba5.js", content_type: "text/javascript; charset=utf-8", tag: "eb20991c50be0ba51d361cfc46ca7cf2", plain: include_bytes!("assets/console-eb20991c50be0ba5.js"), gzipped: include_bytes!("assets/console-eb20991c50be0ba5.js.gz") },
        File { path: "/assets/console-26c4c9d32ba5f2de.css", content_type: "text/css; charset=utf-8", tag: "26c4c9d32ba5f2dee34eeff1c62ae27e", plain: include_bytes!("assets/console-26c4c9d32ba5f2de.css"), gzipped: include_bytes!("assets/console-26c4c9d32ba5f2de.css.gz") },
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
