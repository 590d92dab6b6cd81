/** What cannot be a program at all. The message is for users. */
export class NotAProgram extends Error {}
