//! Python's pickles as plain data: nothing in them is ever executed.
//!
//! Objects lie in one flat list and refer to each other by number, so that shared objects stay shared and neither
//! reading nor dropping recurses. Opcodes are those that protocols 2 to 5 write (Python's `pickletools` documents them).

use std::collections::HashMap;

/// Number of an object in a [`Pickle`].
pub(super) type Id = usize;

/// One Python object.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer; one beyond 64 bits is clamped.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string.
    Text(String),
    /// Bytes, which nothing here needs.
    Bytes,
    /// A tuple, list or set.
    Sequence(Vec<Id>),
    /// A dictionary of any class.
    Dict(Vec<(Id, Id)>),
    /// A class or function by name.
    Global { module: String, name: String },
    /// The result of a call, with the state set afterwards.
    Object {
        class: Id,
        arguments: Id,
        state: Option<Id>,
    },
    /// Something stored outside the pickle.
    Persistent(Id),
}

/// A whole pickle.
#[derive(Debug)]
pub(super) struct Pickle {
    values: Vec<Value>,
    root: Id,
}

impl Pickle {
    /// The outermost object.
    pub fn root(&self) -> &Value {
        &self.values[self.root]
    }

    /// The object of this number.
    pub fn get(&self, id: Id) -> &Value {
        &self.values[id]
    }

    /// The string of this number.
    pub fn text(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a key in a dictionary; the last one if there are several.
    pub fn entry(&self, dict: &Value, key: &str) -> Option<&Value> {
        let Value::Dict(items) = dict else {
            return None;
        };
        items
            .iter()
            .rev()
            .find(|(name, _)| self.text(*name) == Some(key))
            .map(|(_, value)| self.get(*value))
    }

    /// Whether this object is the class or function of this name.
    pub fn is_global(&self, id: Id, module: &str, name: &str) -> bool {
        matches!(self.get(id), Value::Global { module: m, name: n } if m == module && n == name)
    }

    /// Reads a pickle.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut machine = Machine {
            bytes,
            ..Machine::default()
        };
        while !machine.step()? {}
        let root = machine.pop()?;
        Ok(Self {
            values: machine.values,
            root,
        })
    }
}

#[derive(Default)]
struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<usize, Id>,
}

impl<'a> Machine<'a> {
    /// Runs one opcode; true at the end.
    fn step(&mut self) -> Result<bool, String> {
        match self.byte()? {
            0x80 => drop(self.take(1)?),                              // PROTO
            0x95 => drop(self.take(8)?),                              // FRAME
            b'.' => return Ok(true),                                  // STOP
            b'(' => self.marks.push(self.stack.len()),                // MARK
            b'0' => drop(self.pop()?),                                // POP
            b'1' => drop(self.pop_to_mark()?),                        // POP_MARK
            b'2' => self.stack.push(self.top()?),                     // DUP
            b'N' => self.push(Value::None),                           // NONE
            0x88 => self.push(Value::Bool(true)),                     // NEWTRUE
            0x89 => self.push(Value::Bool(false)),                    // NEWFALSE
            b'K' => self.integer(1, false)?,                          // BININT1
            b'M' => self.integer(2, false)?,                          // BININT2
            b'J' => self.integer(4, true)?,                           // BININT
            0x8a => self.long(1)?,                                    // LONG1
            0x8b => self.long(4)?,                                    // LONG4
            b'G' => self.float()?,                                    // BINFLOAT
            0x8c => self.text_of(1)?,                                 // SHORT_BINUNICODE
            b'X' => self.text_of(4)?,                                 // BINUNICODE
            0x8d => self.text_of(8)?,                                 // BINUNICODE8
            b'C' | b'U' => self.bytes_of(1)?, // SHORT_BINBYTES, SHORT_BINSTRING
            b'B' | b'T' => self.bytes_of(4)?, // BINBYTES, BINSTRING
            0x8e | 0x96 => self.bytes_of(8)?, // BINBYTES8, BYTEARRAY8
            b')' | b']' | 0x8f => self.push(Value::Sequence(vec![])), // EMPTY_TUPLE, EMPTY_LIST, EMPTY_SET
            b't' | 0x91 => self.sequence_to_mark()?,                  // TUPLE, FROZENSET
            0x85 => self.tuple(1)?,                                   // TUPLE1
            0x86 => self.tuple(2)?,                                   // TUPLE2
            0x87 => self.tuple(3)?,                                   // TUPLE3
            b'}' => self.push(Value::Dict(vec![])),                   // EMPTY_DICT
            b'a' => {
                let item = self.pop()?; // APPEND
                self.extend(vec![item])?;
            }
            b'e' | 0x90 => {
                let items = self.pop_to_mark()?; // APPENDS, ADDITEMS
                self.extend(items)?;
            }
            b's' => {
                let value = self.pop()?; // SETITEM
                let key = self.pop()?;
                self.set_items(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_to_mark()?; // SETITEMS
                self.set_items(&items)?;
            }
            b'c' => {
                let module = self.line()?; // GLOBAL
                let name = self.line()?;
                self.push(Value::Global { module, name });
            }
            0x93 => self.stack_global()?, // STACK_GLOBAL
            b'R' | 0x81 => self.call()?,  // REDUCE, NEWOBJ
            0x92 => {
                self.pop()?; // NEWOBJ_EX: keyword arguments do not matter here
                self.call()?;
            }
            b'b' => self.build()?,     // BUILD
            b'q' => self.memorise(1)?, // BINPUT
            b'r' => self.memorise(4)?, // LONG_BINPUT
            0x94 => {
                let (key, id) = (self.memo.len(), self.top()?); // MEMOIZE
                self.memo.insert(key, id);
            }
            b'h' => self.recall(1)?, // BINGET
            b'j' => self.recall(4)?, // LONG_BINGET
            b'Q' => {
                let id = self.pop()?; // BINPERSID
                self.push(Value::Persistent(id));
            }
            other => {
                return Err(format!(
                    "pickle opcode {other:#04x} at byte {} is not known",
                    self.at - 1
                ));
            }
        }
        Ok(false)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let end = self
            .at
            .checked_add(count)
            .filter(|end| *end <= self.bytes.len());
        let end = end.ok_or("the pickle ends too early")?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    fn unsigned(&mut self, count: usize) -> Result<u64, String> {
        let mut wide = [0; 8];
        wide[..count].copy_from_slice(self.take(count)?);
        Ok(u64::from_le_bytes(wide))
    }

    fn size(&mut self, count: usize) -> Result<usize, String> {
        usize::try_from(self.unsigned(count)?).map_err(|error| error.to_string())
    }

    fn line(&mut self) -> Result<String, String> {
        let rest = &self.bytes[self.at..];
        let length = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or("the pickle ends too early")?;
        let line = String::from_utf8_lossy(self.take(length + 1)?);
        Ok(line.trim_end().to_string())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    fn pop(&mut self) -> Result<Id, String> {
        self.stack
            .pop()
            .ok_or_else(|| "the pickle takes more than it gives".to_string())
    }

    fn top(&self) -> Result<Id, String> {
        self.stack
            .last()
            .copied()
            .ok_or_else(|| "the pickle takes more than it gives".to_string())
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        Ok(self
            .stack
            .split_off(mark.ok_or("the pickle has no mark where one is needed")?))
    }

    fn integer(&mut self, count: usize, signed: bool) -> Result<(), String> {
        let wide = self.unsigned(count)?;
        let value = if signed {
            i64::from(wide as u32 as i32)
        } else {
            wide as i64
        };
        self.push(Value::Int(value));
        Ok(())
    }

    fn long(&mut self, count: usize) -> Result<(), String> {
        let length = self.size(count)?;
        let bytes = self.take(length)?;
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut wide = [if negative { 0xff } else { 0 }; 8];
        let value = if bytes.len() <= 8 {
            wide[..bytes.len()].copy_from_slice(bytes);
            i64::from_le_bytes(wide)
        } else if negative {
            i64::MIN
        } else {
            i64::MAX
        };
        self.push(Value::Int(value));
        Ok(())
    }

    fn float(&mut self) -> Result<(), String> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.take(8)?);
        self.push(Value::Float(f64::from_be_bytes(bytes)));
        Ok(())
    }

    fn text_of(&mut self, count: usize) -> Result<(), String> {
        let length = self.size(count)?;
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.push(Value::Text(text));
        Ok(())
    }

    fn bytes_of(&mut self, count: usize) -> Result<(), String> {
        let length = self.size(count)?;
        self.take(length)?;
        self.push(Value::Bytes);
        Ok(())
    }

    fn sequence_to_mark(&mut self) -> Result<(), String> {
        let items = self.pop_to_mark()?;
        self.push(Value::Sequence(items));
        Ok(())
    }

    fn tuple(&mut self, count: usize) -> Result<(), String> {
        let start = self
            .stack
            .len()
            .checked_sub(count)
            .ok_or("the pickle takes more than it gives")?;
        let items = self.stack.split_off(start);
        self.push(Value::Sequence(items));
        Ok(())
    }

    /// Adds to the list on top; items of list-like objects are of no interest.
    fn extend(&mut self, items: Vec<Id>) -> Result<(), String> {
        let top = self.top()?;
        if let Value::Sequence(list) = &mut self.values[top] {
            list.extend(items);
        }
        Ok(())
    }

    fn set_items(&mut self, items: &[Id]) -> Result<(), String> {
        let top = self.top()?;
        if !items.len().is_multiple_of(2) {
            return Err("a dictionary in the pickle has a key without a value".into());
        }
        let pairs = items.chunks_exact(2).map(|pair| (pair[0], pair[1]));
        match &mut self.values[top] {
            Value::Dict(dict) => dict.extend(pairs),
            // A class derived from dict: from here on its items are all that matters.
            object => *object = Value::Dict(pairs.collect()),
        }
        Ok(())
    }

    fn stack_global(&mut self) -> Result<(), String> {
        let (name, module) = (self.pop()?, self.pop()?);
        match (&self.values[module], &self.values[name]) {
            (Value::Text(module), Value::Text(name)) => {
                let global = Value::Global {
                    module: module.clone(),
                    name: name.clone(),
                };
                self.push(global);
                Ok(())
            }
            _ => Err("a name in the pickle is not text".into()),
        }
    }

    fn call(&mut self) -> Result<(), String> {
        let (arguments, class) = (self.pop()?, self.pop()?);
        let is_dict = matches!(&self.values[class], Value::Global { module, name }
            if module == "collections" && matches!(name.as_str(), "OrderedDict" | "defaultdict" | "Counter"));
        self.push(if is_dict {
            Value::Dict(vec![])
        } else {
            Value::Object {
                class,
                arguments,
                state: None,
            }
        });
        Ok(())
    }

    fn build(&mut self) -> Result<(), String> {
        let new = self.pop()?;
        let top = self.top()?;
        // The attributes of a dictionary (PyTorch's `_metadata`) are of no interest.
        if let Value::Object { state, .. } = &mut self.values[top] {
            *state = Some(new);
        }
        Ok(())
    }

    fn memorise(&mut self, count: usize) -> Result<(), String> {
        let (key, id) = (self.size(count)?, self.top()?);
        self.memo.insert(key, id);
        Ok(())
    }

    fn recall(&mut self, count: usize) -> Result<(), String> {
        let key = self.size(count)?;
        let id = self
            .memo
            .get(&key)
            .ok_or("the pickle refers to something it does not hold")?;
        self.stack.push(*id);
        Ok(())
    }
}
