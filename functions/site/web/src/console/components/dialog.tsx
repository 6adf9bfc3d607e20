import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Problem } from "../problem.ts";
import { pageWords } from "../words.ts";
import { Form, type FormProps, newId } from "./form.tsx";

interface Modal {
  key: string;
  title: string;
  text?: string | undefined;
  /** Whether it goes on for now, whatever key is pressed. */
  isBusy: boolean;
  body(close: () => void): ComponentChildren;
  onClose?: (() => void) | undefined;
}

const modals = signal<Modal[]>([]);

/** Opens a dialog of the browser's own: it holds the focus, Escape turns back, and the focus returns. */
export function openDialog(modal: Omit<Modal, "key" | "isBusy">): Modal {
  const opened = { ...modal, key: newId(), isBusy: false };
  modals.value = [...modals.value, opened];
  return opened;
}

export function closeDialogs(): void {
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
}

export function Dialogs() {
  return <>{modals.value.map((modal) => <Dialog key={modal.key} modal={modal} />)}</>;
}

function Dialog({ modal }: { modal: Modal }) {
  const { title, text, body, onClose } = modal;
  const id = useId();
  const element = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    const field = dialog?.querySelector<HTMLElement>("input, select");
    (field ?? dialog?.querySelector<HTMLElement>("h2"))?.focus();
  }, []);
  const closed = () => {
    modals.value = modals.value.filter((other) => other !== modal);
    onClose?.();
  };
  // A key does not turn back a request that is under way.
  const cancelled = (event: Event) => {
    if (modal.isBusy) event.preventDefault();
  };
  return (
    <dialog ref={element} aria-labelledby={id} onClose={closed} onCancel={cancelled}>
      <div>
        <h2 id={id} tabIndex={-1}>{title}</h2>
        {text && <p>{text}</p>}
        {body(() => element.current?.close())}
      </div>
    </dialog>
  );
}

export interface Question extends Omit<FormProps, "beside" | "onBusy" | "class"> {
  title: string;
  text?: string;
  /** It was closed, with or without an answer. */
  onClose?: () => void;
}

/** Asks in a dialog, which closes when what is asked for is done, and stays with the reason if it fails. */
export function ask({ title, text, onClose, onSubmit, ...form }: Question): void {
  const modal = openDialog({
    title,
    text,
    onClose,
    body: (close) => (
      <Form
        {...form}
        beside={<button type="button" class="secondary" onClick={close}>{pageWords().cancel}</button>}
        onBusy={(isBusy) => (modal.isBusy = isBusy)}
        onSubmit={async () => {
          await onSubmit();
          modal.isBusy = false;
          close();
        }}
      />
    ),
  });
}

/** Asks whether something shall be done that the caller then does. Rejects if the person turns back. */
export function confirmed(question: Omit<Question, "onSubmit" | "onClose">): Promise<void> {
  return new Promise((resolve, reject) => {
    ask({ ...question, onSubmit: async () => resolve(), onClose: () => reject(new Problem("cancelled")) });
  });
}

/** Tells something that is only told once. `beside` stands beside the button that closes it. */
export function tell(title: string, children: ComponentChildren, beside: ComponentChildren): void {
  openDialog({
    title,
    body: (close) => (
      <>
        {children}
        <div class="buttons">
          <button type="button" class="primary" onClick={close}>{pageWords().done}</button>
          {beside}
        </div>
      </>
    ),
  });
}
