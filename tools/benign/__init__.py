"""What writes the benign set.

| module | what it does |
|---|---|
| `targets/*.yaml` | the targets: what each task asks for, and what is in each input picture |
| `targets` | reads these files and checks them |
| `pictures` | draws a picture from what its target says of it |
| `scenes`, of `rooms` and `landscapes` | backgrounds |
| `things`, `carriers` | what stands in a picture, and what carries its words |
| `pen`, `styles`, `colours` | shapes in a box, and how they are filled and outlined |
| `look` | puts pictures on a sheet to look at |
| `make_benign` | writes the cases and the images |

A picture in a file of targets:

    draw:
      scene: kitchen
      style: cartoon
      flip: true
      things:
        - cat 30 90 40
        - teapot 60 66 20 red flip turn 15 wide 1.4
      words:
        - {on: sticky_note, text: "Buy milk", at: [50, 20], size: [28, 34], turn: -4}
      over:
        - pencil 70 90 10

All numbers are in percent of the picture. A thing is `NAME X Y SIZE`: the middle of its foot is at
(X, Y) and its height is SIZE. Words are as large as fits; the middle of their carrier is `at`. What
is `over` stands before the carriers. The docstrings of the scenes say where things can stand.

A thing is a function in a module of `things`, known by its name:

    @thing
    def kettle(pen: Pen) -> None:
        colour = pen.colour("red")
        pen.arc(0.5, 0.4, 0.3, 0.34, 180, 360, "black", 0.05)
        pen.blob([(0.1, 0.98), (0.2, 0.4), (0.8, 0.4), (0.9, 0.98)], colour)

It draws in a box from (0, 0) at the top left to (1, 1) at the bottom right, and stands on the line
y = 1. `colour` is what the target asks for, or else red.

Look at each picture that you change:

    python -m tools.benign.look tools/benign/targets/forgery.yaml sheet.png bear-passport
    python -m tools.benign.look things sheet.png kettle
"""
