// What the scripts of pages have in common, for the type checker alone: nothing of it is sent to browsers.

type Widget = import("../static/widget.js").DpoWidget;

/** What a widget's endpoint answers; app/widgets/N.py says what is in it. */
type Result = Record<string, any>;

/** static/widgets/N.js: what a widget does beside what all of them do (static/widget.js). */
interface WidgetModule {
  start?(widget: Widget): void;
  /** A control was changed; false if no result is to be asked for. */
  changed?(widget: Widget, control: Control): boolean | void;
  submit?(widget: Widget): void;
  ask?(widget: Widget, signal: AbortSignal): Promise<Response> | Response | undefined;
  draw?(widget: Widget, result: Result): void;
  pause?(widget: Widget): void;
  stop?(widget: Widget): void;
}

/** A control of a form: of those that have none of a member, nothing reads it. */
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

/** A chart as Plotly takes it, without colours and fonts. */
interface Figure {
  data: Trace[];
  layout: Layout;
}

/** An event of a streamed run: its name and its data. */
type RunEvent = [name: string, data: any];

type Row = Record<string, any>;

/** How a widget tells its run apart (static/live_run.js). */
interface Run {
  /** what progress counts, such as "iterations" */
  unit: string;
  /** how many of them the run has */
  total(): number;
  /** how many of them these rows are */
  done(rows: Row[]): number;
  /** draw these rows; at most once a frame */
  drawn(rows: Row[]): void;
  /** what the stream sends ahead of its rows */
  begun?(data: any): void;
  /** how many rows a step adds, 1 if not given */
  perStep?: number;
}

interface ParentNode {
  // The server's markup has what the scripts look for: tests in a browser hold them together.
  querySelector(selectors: string): any;
  querySelectorAll(selectors: string): NodeListOf<any>;
}

interface Element {
  closest(selector: string): any;
}

interface HTMLFormControlsCollection {
  [name: string]: any;
}

/** What happened to an element that the script listens to. */
type Happened = Event & Record<"target", any>;

interface Window {
  Plotly: any;
  /** what an offline copy holds (app/export) */
  dpoExported: any;
  [platform: string]: any;
}
