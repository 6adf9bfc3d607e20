import type { ChatWindow, Embed, Launcher, Parts, Seal } from "../contract.ts";
import { Api, type End, endOf, Problem, refusalOf } from "./api.ts";
import css from "./chat.css";
import { Conversation, type Message } from "./conversation.ts";
import { button, h } from "../elements.ts";
import { customerOf, Memory, type Owner, type Remembered } from "./memory.ts";
import { MyData } from "./my_data.ts";
import { messagePanel, noticePanel, receiptPanel } from "./panels.ts";
import type { Receipt } from "./receipt.ts";
import type { Notice } from "./site.ts";
import { ChatScreen } from "./screen.ts";
import { Unread } from "./unread.ts";
import { forgetUnsent } from "./unsent.ts";
import { regionalTag, WORDS, type Words } from "./words.ts";

/** Up to this width the window fills the screen and holds the focus; chat.css says the same. */
const PHONE = "(max-width: 480px)";

export function createChat(
  embed: Embed,
  root: ShadowRoot,
  seal: Seal,
  parts: Parts,
  launcher: Launcher,
): ChatWindow {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets.push(sheet);
  return new Window(embed, root, seal, parts, launcher);
}

class Window implements ChatWindow {
  readonly #words: Words;
  readonly #memory: Memory;
  readonly #api: Api;
  readonly #data: MyData;
  readonly #dialog: HTMLDialogElement;
  readonly #title: HTMLElement;
  readonly #alert = h("p", { class: "alert", role: "alert" });
  readonly #work = h("div", { class: "work", role: "status" });
  readonly #body = h("div", { class: "body" });
  readonly #phone = matchMedia(PHONE);
  readonly #unread: Unread;
  #chat: ChatScreen | null = null;
  /** The sheet with the site's colours. */
  #colours: CSSStyleSheet | null = null;
  /** The owner of the token; null before there is one. */
  #owner: Owner | null = null;
  #remembered: Remembered | null = null;

  constructor(
    private readonly embed: Embed,
    private readonly root: ShadowRoot,
    seal: Seal,
    private readonly parts: Parts,
    private readonly launcher: Launcher,
  ) {
    this.#unread = new Unread(() => this.#dialog.open && document.visibilityState === "visible", (count) => launcher.unread(count));
    this.#words = WORDS;
    this.#memory = new Memory(embed.site);
    this.#api = new Api(embed, seal, parts.work, (token) => this.#keepToken(token), (abandon) => this.#tellWork(abandon), null);
    this.#data = new MyData(this.#words, embed.locale, this.#api, {
      attempt: (action) => this.#attempt(action),
      show: (element) => this.#show(element),
      erased: (receipt) => this.#erased(receipt),
      forgotten: () => this.#forgotten(),
      verify: async (receipt) => seal.verifyReceipt(receipt, await this.#api.receiptKeys(), this.#owner?.subject ?? ""),
    });
    const close = button("×", "close", () => this.hide());
    close.setAttribute("aria-label", this.#words.hide);
    this.#title = h("h2", { id: "title" }, this.#words.title);
    this.#dialog = h(
      "dialog",
      { "aria-labelledby": "title" },
      h("div", { class: "head" }, this.#title, close),
      this.#alert,
      this.#work,
      this.#body,
    );
    root.append(this.#dialog);
    this.#handleKeysAndSizes();
    this.#begin();
    // A customer who signs out leaves nothing on the screen for the next person.
    new MutationObserver(() => this.#owner?.customer && this.#isSomebodyElse() && this.#begin()).observe(document, {
      attributeFilter: ["data-identity"],
      childList: true,
      subtree: true,
    });
  }

  show(): void {
    if (this.#isSomebodyElse()) this.#begin();
    this.#open();
    this.#focus();
    this.#unread.look();
    this.#chat?.shown();
  }

  moved(focused: boolean): void {
    if (!this.#dialog.open) return;
    this.#open();
    if (focused) this.#focus();
  }

  #open(): void {
    this.#dialog.close();
    if (this.#phone.matches) this.#dialog.showModal();
    else this.#dialog.show();
  }

  /** With what is remembered of whom the page names now, or from the start. */
  #begin(): void {
    this.#chat?.leave();
    this.#chat = null;
    this.#unread.forget();
    const remembered = this.#memory.recall(customerOf(this.embed.identity()));
    this.#remembered = remembered;
    this.#owner = remembered?.owner ?? null;
    this.#api.token = remembered?.token ?? null;
    if (remembered) void this.#resume(remembered.conversation);
    else void this.#offerStart();
  }

  #isSomebodyElse(): boolean {
    return this.#owner !== null && this.#owner.customer !== customerOf(this.embed.identity());
  }

  hide(): void {
    this.#dialog.close();
    this.launcher.hidden();
  }

  #handleKeysAndSizes(): void {
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.preventDefault();
      this.hide();
    });
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.hide();
    });
    this.#phone.addEventListener("change", () => {
      if (this.#dialog.open) this.show();
    });
    // A phone's keyboard covers the page without resizing it: the window keeps to what is left.
    const viewport = window.visualViewport;
    viewport?.addEventListener("resize", () => {
      if (viewport.scale === 1) this.#dialog.style.setProperty("--visible-height", `${viewport.height}px`);
    });
  }

  /** The notice first of all, with the days that count now: they come with the keys. */
  async #offerStart(): Promise<void> {
    this.#show(h("p", { class: "panel" }, this.#words.loading));
    try {
      await this.#api.renewKey();
      this.#showNotice();
    } catch (error) {
      this.#show(messagePanel(this.#words.notReady, this.#words.again, () => this.#offerStart()));
      this.#alert.textContent = this.#explain(error);
    }
  }

  #showNotice(): void {
    this.#showSite();
    const told = this.#api.notice;
    this.#show(noticePanel(this.#words, told, this.#privacyUrl(), (onDevice) => this.#start(onDevice, told)));
  }

  async #start(onDevice: boolean, told: Notice): Promise<void> {
    await this.#attempt(async () => {
      // Before anything else, so that nothing leaves the browser if the keys are not to be trusted.
      await this.#api.key(told);
      // The page may have named somebody else since the token was given.
      if (this.#isSomebodyElse()) this.#api.token = null;
      let open: string | null = null;
      if (!this.#api.token) {
        const session = await this.#api.openSession();
        this.#owner = session.owner;
        open = session.conversation;
      }
      const conversation = open
        ? await Conversation.resume(this.#api, open)
        : await Conversation.start(this.#api, this.embed.locale, told);
      const messages = open ? await conversation.messages() : [];
      if (!this.#owner) throw new Problem("gone");
      // Until now the memory held the chat before, which has ended.
      if (this.#remembered) this.#memory.forget(this.#remembered);
      this.#remembered = { token: this.#api.token ?? "", conversation: conversation.state.id, owner: this.#owner };
      this.#memory.remember(this.#remembered, onDevice);
      if (this.#isSomebodyElse()) this.#begin();
      else await this.#enter(conversation, messages);
    });
  }

  async #resume(id: string): Promise<void> {
    this.#show(h("p", { class: "panel" }, this.#words.loading));
    try {
      const conversation = await Conversation.resume(this.#api, id);
      if (conversation.state.status === "closed") throw new Problem("conversation_closed");
      await this.#enter(conversation, await conversation.messages());
    } catch (error) {
      if (this.#ended(error)) return;
      this.#show(messagePanel(this.#words.notOpened, this.#words.again, () => this.#resume(id)));
      this.#alert.textContent = this.#explain(error);
    }
  }

  async #enter(conversation: Conversation, messages: Message[]): Promise<void> {
    const { kem } = await this.#api.key();
    this.#showSite();
    // Messages that came while a page was loaded are as new as others.
    const looked = this.#memory.lookedAt();
    const from = messages.findIndex(({ id }) => id === looked) + 1;
    if (from > 0 || looked === "") this.#unread.add(messages.slice(from).filter(({ author }) => author !== "visitor").length);
    this.#chat = new ChatScreen(this.#words, this.embed.locale, conversation, kem, { messages, site: this.#api.site }, {
      attempt: (action) => this.#attempt(action),
      show: (element) => this.#show(element),
      ended: (error) => this.#ended(error),
      isOpen: () => this.#dialog.open,
      came: (count) => this.#unread.add(count),
      live: (lastId) => {
        if (lastId === null || this.#unread.count === 0) this.#memory.keepLook(lastId);
      },
      closedByVisitor: () => this.#end("closed"),
      restart: () => {
        this.#leaveScreen();
        void this.#offerStart();
      },
      leadDays: () => this.#api.notice.lead_days,
      wishes: (back) => this.#data.wishes(back),
    });
    const { element } = this.#chat;
    this.#show(element);
    // Without it a chat is as good as it was.
    void this.parts.voice().then((voice) => voice.join(element, this.embed.locale)).catch(() => undefined);
  }

  /** Runs what the visitor asked for and says so if it came to nothing. */
  async #attempt(action: () => Promise<void>): Promise<boolean> {
    this.#alert.textContent = "";
    try {
      await action();
      return true;
    } catch (error) {
      if (this.#ended(error)) return false;
      // The notice is another by now than the visitor agreed to.
      if (error instanceof Problem && error.code === "changed") this.#showNotice();
      this.#alert.textContent = this.#explain(error);
      return false;
    }
  }

  #ended(error: unknown): boolean {
    const end = endOf(error);
    // With the token of somebody who was erased nothing new can begin.
    if (error instanceof Problem && error.code === "erased") this.#api.token = this.#owner = null;
    if (end === "closed" && this.#chat) {
      this.#show(this.#chat.element);
      this.#chat.closed();
    } else if (end) {
      this.#end(end);
    }
    return end !== null;
  }

  /** A closed conversation is still stored, and remembered until another one begins: its visitor may want a copy, or its end. */
  #end(end: End): void {
    if (end === "closed") this.#leaveScreen();
    else this.#leave();
    if (end === "signed_out") this.#owner = null;
    const restart = () => this.#offerStart();
    const wishes = end === "closed" ? [this.#data.wishes(() => this.#show(panel))] : [];
    const panel = messagePanel(this.#words[end], this.#words.restart, restart, ...wishes);
    this.#show(panel);
  }

  /** The token named somebody of whom nothing is stored any more: a new start is a new visitor. */
  #erased(receipt: Receipt): void {
    this.#leave();
    this.#api.token = null;
    this.#owner = null;
    const style = { dateStyle: "medium", timeStyle: "short" } as const;
    const at = new Intl.DateTimeFormat(regionalTag(this.embed.locale), style).format(new Date(receipt.completed_at));
    this.#show(receiptPanel(this.#words, receipt, at, () => this.#offerStart()));
  }

  /** The session has ended, or this browser alone forgets it. */
  #forgotten(): void {
    const { subject } = this.#owner ?? {};
    this.#leave();
    this.#api.token = null;
    this.#owner = null;
    if (subject) this.#memory.forgetSubject(subject);
    forgetUnsent();
    this.#show(messagePanel(this.#words.forgotten, this.#words.restart, () => this.#offerStart()));
  }

  #leaveScreen(): void {
    this.#chat?.forget();
    this.#chat = null;
  }

  #leave(): void {
    this.#leaveScreen();
    if (this.#remembered) this.#memory.forget(this.#remembered);
    this.#remembered = null;
  }

  #explain(error: unknown): string {
    const refusal = refusalOf(error);
    if (refusal) return `${this.#words.refusal[refusal]} ${this.#words.unsent}`;
    const { offline, busy, abandoned, unsealed, identity, changed, legal_hold, locked_down, forbidden_page, receipt_unproven, failed } = this.#words;
    const known: Record<string, string> = { offline, busy, abandoned, unsealed, identity, changed, legal_hold, locked_down, forbidden_page, receipt_unproven };
    return (error instanceof Problem && known[error.code]) || failed;
  }

  /** Says why it takes a while, and lets the visitor stop it. */
  #tellWork(abandon: (() => void) | null): void {
    const hadFocus = this.#work.contains((this.#work.getRootNode() as ShadowRoot).activeElement);
    const said = abandon ? [h("p", {}, this.#words.work), button(this.#words.workStop, "link", abandon)] : [];
    this.#work.replaceChildren(...said);
    if (hadFocus) this.#focus();
  }

  #keepToken(token: string): void {
    if (!this.#remembered) return;
    this.#remembered = { ...this.#remembered, token };
    this.#memory.renew(this.#remembered);
  }

  /** Its name and colours, and what its button says from now on. */
  #showSite(): void {
    const { name, colours, launcher } = this.#api.site;
    this.#title.textContent = name || this.#words.title;
    this.#look(colours);
    if (launcher) this.launcher.named(launcher);
  }

  #look(colours: CSSStyleSheet | null): void {
    const others = this.root.adoptedStyleSheets.filter((sheet) => sheet !== this.#colours);
    this.#colours = colours;
    this.root.adoptedStyleSheets = colours ? [...others, colours] : others;
  }

  /** The page's own word counts: it may know a better place than the site's settings do. */
  #privacyUrl(): string | null {
    const named = this.embed.privacy ?? this.#api.site.privacy;
    if (!named) return null;
    const url = new URL(named, document.baseURI);
    return /^https?:$/.test(url.protocol) ? url.href : null;
  }

  #show(screen: HTMLElement): void {
    this.#alert.textContent = "";
    this.#body.replaceChildren(screen);
    this.#focus();
  }

  /** To where the visitor goes on: the message field, or the heading of a panel. */
  #focus(): void {
    if (!this.#dialog.open) return;
    this.#body.querySelector<HTMLElement>(".composer textarea, h3")?.focus();
    this.#chat?.scrollToEnd();
  }
}
