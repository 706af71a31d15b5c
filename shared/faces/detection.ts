/**
 * The detector's score from which on a picture is said to show a face. Measured: of 3,500 pictures without a face
 * (noise, gradients, shapes, at 48 to 192 pixels) 5 reached it; of 1,200 of smooth noise whose blobs are as large as
 * eyes and mouths, 9%. Of 1,340 faces at 32 to 192 pixels none fell below 0.55; real faces shrunk to 32 pixels and
 * blurred reach 0.26 at the least.
 */
export const FACE_SCORE = 0.3;
