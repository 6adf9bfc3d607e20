import { Problem } from "./problem.ts";

/** Name of a page, and the files that it needs. */
type Files = Record<string, [path: string, integrity: string][]>;

const FILES = "sotto:files";

/** Fetches the files of a page, and takes none that is not the one which was built: `import()` alone would not look. */
export async function verified(page: string): Promise<void> {
  const content = document.querySelector<HTMLMetaElement>(`meta[name="${FILES}"]`)?.content ?? "{}";
  const files = (JSON.parse(content) as Files)[page];
  if (!files) throw new Problem("outdated");
  await Promise.all(files.map(([path, integrity]) => preloaded(path, integrity)));
}

function preloaded(path: string, integrity: string): Promise<void> {
  if (document.querySelector(`link[rel="modulepreload"][href="${path}"]`)) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "modulepreload";
  link.href = path;
  link.integrity = integrity;
  return new Promise((resolve, reject) => {
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => {
      link.remove();
      reject(new Problem("outdated"));
    });
    document.head.append(link);
  });
}
