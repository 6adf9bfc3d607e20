import { later } from "../components/later.tsx";

/** The notice of practices in the inbox. It is loaded apart, since the file of the inbox has no room for it. */
export const PracticeNotice = later("notice", async () => (await import("./notice.tsx")).Notice);
