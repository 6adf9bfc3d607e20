/** The staff's console: signing in, one's own account, the people who may sign in, what is asked of privacy staff, and what was said. */
import { App } from "./app.ts";
import { takeInvitation } from "./views/invitation.ts";

/** Passkeys belong to a host name, which an address of numbers is not: on this machine there is another. */
function movesToLocalhost(): boolean {
  if (location.hostname !== "127.0.0.1") return false;
  const url = new URL(location.href);
  url.hostname = "localhost";
  location.replace(url);
  return true;
}

if (!movesToLocalhost()) {
  const app = new App();
  const open = () => {
    const invitation = takeInvitation();
    return invitation ? app.open(invitation) : null;
  };
  addEventListener("hashchange", () => void open());
  void (open() ?? app.start());
}
