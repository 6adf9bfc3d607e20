import { Fragment, type VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { here, matched, putLanguage } from "./address.ts";
import { badge } from "./desk/duty.ts";
import { Dialogs } from "./components/dialog.tsx";
import { Heading } from "./components/part.tsx";
import { fromWhen, restsUntil } from "./cooling.tsx";
import { Link } from "./link.tsx";
import { locale } from "./locale.ts";
import { verified } from "./modules.ts";
import { isFor, isPlaceOf, type Page } from "./page.ts";
import { PAGES } from "./pages.ts";
import { forget, me, meNow, type Screens, signOut } from "./session.ts";
import { Invitation } from "./sign_in/invitation.tsx";
import type { InvitationLink } from "./sign_in/invitation_link.ts";
import { SignIn } from "./sign_in/sign_in.tsx";
import { stepUp } from "./sign_in/step_up.tsx";
import { alert, attempt, isBusy, show, showAgain, shown, status } from "./stage.tsx";
import { pageWords } from "./words.ts";

export const SCREENS: Screens = {
  signIn: () => <SignIn next={titleOfNext()} />,
  page: openPage,
  stepUp,
};

/** The page that the address names, with its files and what it shows. */
async function openPage(): Promise<VNode> {
  const found = pageAt(here());
  const roles = me()?.roles ?? [];
  if (!found) return <Dead title={pageWords().noSuchPage} text={pageWords().noSuchPageText} />;
  if (!isFor(roles, found.page)) return <Dead title={pageWords().notYours} text={pageWords().notYoursText} />;
  // The cool-down may be over by now: the server knows, whatever this clock says.
  if (closedUntil(found.page)) await meNow();
  const until = closedUntil(found.page);
  if (until) return <Dead title={pageWords().notYet} text={`${fromWhen(found.page, until)} ${pageWords().coolingWhy}`} />;
  await verified(found.page.name);
  const { open } = await found.page.load();
  return open({ page: found.page, parameters: found.parameters, places: placesFor(roles) });
}

/** From when on a page opens that a cool-down holds back; null for one that is open, in whole or in part. */
function closedUntil(page: Page): string | null {
  return page.isOpenWhileCooling ? null : restsUntil(page);
}

export async function beginInvitation(invitation: InvitationLink): Promise<void> {
  forget();
  await show(() => <Invitation {...invitation} />);
}

function pageAt(address: string): { page: Page; parameters: string[] } | null {
  for (const page of PAGES) {
    const parameters = matched(page.address, address);
    if (parameters) return { page, parameters };
  }
  return null;
}

function placesFor(roles: string[]): Page[] {
  return PAGES.filter((page) => isPlaceOf(roles, page));
}

/** The page that somebody goes on to when they have signed in, unless it is the first one. */
function titleOfNext(): string | null {
  const found = pageAt(here());
  return found && found.page.address !== "/" ? found.page.title[locale.peek()] : null;
}

function Dead({ title, text }: { title: string; text: string }) {
  return (
    <section class="card">
      <Heading>{title}</Heading>
      <p>{text}</p>
      <p><Link to="/" class="link">{pageWords().toStart}</Link></p>
    </section>
  );
}

export function App() {
  return (
    <>
      <Head />
      <div class="notices">
        <p role="status" class="status">{status}</p>
        <Alert />
      </div>
      <Main />
      <Dialogs />
    </>
  );
}

function Alert() {
  const element = useRef<HTMLParagraphElement>(null);
  const text = alert.value;
  // It stands at the top, and what was pressed may be far below.
  useLayoutEffect(() => {
    if (text) element.current?.scrollIntoView({ block: "nearest" });
  }, [text]);
  return <p ref={element} role="alert" class="alert">{text}</p>;
}

/** The content. It changes when all of it is there, and the focus goes to its heading. */
function Main() {
  const element = useRef<HTMLElement>(null);
  const now = shown.value;
  useLayoutEffect(() => {
    if (!now) return;
    const heading = element.current?.querySelector("h1");
    document.documentElement.lang = locale.peek();
    (element.current?.querySelector<HTMLElement>("[data-here]") ?? heading)?.focus();
    now.isThere();
  }, [now?.turn]);
  useLayoutEffect(() => {
    const heading = element.current?.querySelector("h1")?.textContent ?? "";
    if (now) document.title = `${badge.value > 0 ? `(${badge.value}) ` : ""}${heading} – Sotto`;
  }, [now?.turn, badge.value]);
  return (
    <main id="content" aria-busy={isBusy.value} ref={element}>
      {now && <Fragment key={now.turn}>{now.view}</Fragment>}
    </main>
  );
}

/** The head: the places of the person who is signed in. It changes together with the content. */
function Head() {
  if (!shown.value) return <header />;
  const words = pageWords();
  const { language } = words;
  const skip = (event: MouseEvent) => {
    event.preventDefault();
    document.querySelector("h1")?.focus();
  };
  const speak = () => {
    locale.value = language.lang as typeof locale.value;
    putLanguage(language.lang);
    void showAgain();
  };
  return (
    <header>
      <a class="skip" href="#content" onClick={skip}>{words.skip}</a>
      <p class="brand">{words.brand}</p>
      {me() && <Navigation roles={me()?.roles ?? []} />}
      <button type="button" class="link" lang={language.lang} onClick={speak}>{language.label}</button>
    </header>
  );
}

function Navigation({ roles }: { roles: string[] }) {
  const words = pageWords();
  const address = here();
  const isHere = (place: string) => address === place || (place !== "/" && address.startsWith(`${place}/`));
  return (
    <nav aria-label={words.navigation}>
      {placesFor(roles).map(({ name, address: to, title }) => (
        <Link key={name} to={to} class="link" isCurrent={isHere(to)}>{title[locale.peek()]}</Link>
      ))}
      <button type="button" class="link" onClick={() => void attempt(() => signOut(false))}>{words.signOut}</button>
    </nav>
  );
}
