/** The names of the tasks in a module: its exported functions of at most one argument. With `import type * as tasks from './tasks.ts'`, `typeof tasks` is `Tasks`. */
export type TaskName<Tasks> = { [Name in keyof Tasks]: Tasks[Name] extends (input: never) => unknown ? Name : never }[keyof Tasks] & string;

/** What a task takes. */
export type TaskInput<Tasks, Name extends TaskName<Tasks>> = Tasks[Name] extends (input: infer Input) => unknown ? Input : never;

/** What a task gives, or its promise resolves to. */
export type TaskOutput<Tasks, Name extends TaskName<Tasks>> = Tasks[Name] extends (input: never) => infer Output ? Awaited<Output> : never;
