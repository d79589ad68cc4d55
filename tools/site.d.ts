// Types shared by the scripts of pages. For the type checker only: nothing of this is sent to browsers.

type Widget = import("../static/widget.js").DpoWidget;

/** A widget's result, as its endpoint returns it and app/widgets/N.py defines it. */
type Result = Record<string, any>;

/** The default export of static/widgets/N.js: what a widget adds to static/widget.js. */
interface WidgetModule {
  start?(widget: Widget): void;
  /** A control has changed; return false to request no result. */
  changed?(widget: Widget, control: Control): boolean | void;
  submit?(widget: Widget): void;
  /** The result of these controls, if the module has it already. */
  known?(widget: Widget): Result | null | undefined;
  ask?(widget: Widget, signal: AbortSignal): Promise<Response> | Response | undefined;
  draw?(widget: Widget, result: Result): void;
  pause?(widget: Widget): void;
  stop?(widget: Widget): void;
}

/** A control of a form; members that a kind of control lacks are not read. */
type Control = HTMLInputElement;

interface Trace {
  type?: string;
  name: string;
  x: any[];
  y: any[];
  meta?: string;
  mode?: string;
  yaxis?: string;
  [other: string]: any;
}

type Layout = Record<string, any>;

/** A Plotly figure without colors and fonts. */
interface Figure {
  data: Trace[];
  layout: Layout;
}

/** Bytes, as tools/bundle.mjs packs them. */
declare module "*.wasm" {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}

/** An event of a streamed run. */
type RunEvent = [name: string, data: any];

type Row = Record<string, any>;

interface ParentNode {
  // The server's markup has what the scripts look for, as browser tests check.
  querySelector(selectors: string): any;
  querySelectorAll(selectors: string): NodeListOf<any>;
}

interface Element {
  closest(selector: string): any;
}

interface HTMLFormControlsCollection {
  [name: string]: any;
}

/** An event whose target is an element of any kind. */
type Happened = Event & Record<"target", any>;

interface Window {
  Plotly: any;
  /** data of an offline copy (app/export) */
  dpoExported: any;
  [platform: string]: any;
}
