/** Where the bytes of files are sent and got: `POST` here, `GET` with the file's id behind it. */
export const FILES_PATH = '/v1/files';
/** The name of the one field of an upload's form. */
export const FILE_FIELD = 'file';
