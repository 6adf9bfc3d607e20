import { type Open, TotpForm } from "../kit.ts";
import { adding } from "./adding.ts";

export const open: Open = async () => <TotpForm enrolling={adding} secret={await adding.post("POST /v1/auth/totp/enrol", {})} />;
