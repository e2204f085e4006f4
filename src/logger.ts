/** Where a part of the program tells what happened; pino has it, and tests record it. A type alone, used on all floors above. */
export interface Logger {
  info(details: object, text: string): void;
  warn(details: object, text: string): void;
  error(details: object, text: string): void;
}
