import { verified } from "../kit.ts";

/** Loads a part of the desk when it is needed, and takes none but the one that was built. */
export async function later<Part>(name: string, load: () => Promise<Part>): Promise<Part> {
  await verified(name);
  return load();
}
