/** The staff's console: signing in, one's own account, the people who may sign in, what is asked of privacy staff, and what was said. */
import { render } from "preact";
import { App, beginInvitation, SCREENS } from "./app.tsx";
import { duty } from "./desk/duty.ts";
import "./kit.ts";
import { begin, moved, start } from "./session.ts";
import { takeInvitation } from "./sign_in/invitation_link.ts";

/** Passkeys belong to a host name, which an address of numbers is not: on this machine there is another. */
function movesToLocalhost(): boolean {
  if (location.hostname !== "127.0.0.1") return false;
  const url = new URL(location.href);
  url.hostname = "localhost";
  location.replace(url);
  return true;
}

if (!movesToLocalhost()) {
  begin(SCREENS, duty);
  render(<App />, document.body);
  const invitation = takeInvitation();
  void (invitation ? beginInvitation(invitation) : start());
  addEventListener("popstate", () => {
    const another = takeInvitation();
    if (another) void beginInvitation(another);
    else moved();
  });
}
