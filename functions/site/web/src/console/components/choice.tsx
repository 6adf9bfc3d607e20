import { newId } from "./form.tsx";

export interface Option<Value extends string> {
  value: Value;
  label: string;
  hint?: string;
}

/** One of several. One is always chosen. */
export class Choice<Value extends string> {
  readonly name = newId();

  constructor(
    readonly legend: string,
    readonly options: Option<Value>[],
    public value: Value,
  ) {}
}

interface Props<Value extends string> {
  of: Choice<Value>;
  onChange?: (value: Value) => void;
}

/** A choice as a group of round boxes under a name. */
export function Choices<Value extends string>({ of: choice, onChange }: Props<Value>) {
  return (
    <fieldset>
      <legend>{choice.legend}</legend>
      {choice.options.map(({ value, label, hint }) => {
        const choose = () => {
          choice.value = value;
          onChange?.(value);
        };
        return (
          <label key={value} class="check">
            <input type="radio" name={choice.name} value={value} defaultChecked={value === choice.value} onChange={choose} />
            <span>{label}{hint && <span class="hint">{hint}</span>}</span>
          </label>
        );
      })}
    </fieldset>
  );
}
