import { type Open, PasskeyForm } from "../kit.ts";
import { adding } from "./adding.ts";

export const open: Open = () => <PasskeyForm enrolling={adding} />;
